import { idealAuthentication } from '../../src/world/index.js';
import { checkLaws } from './authentication-laws.js';

checkLaws('ideal', idealAuthentication, 300);
