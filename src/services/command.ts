/** How a client's command is made: by the kernel, since protocols make some, too. */

export { hashCommand, makeCommand } from '../kernel/index.js';
