/** The version that trace headers and `--version` carry; a test keeps it equal to package.json. */
export const FAULTLINE_VERSION = '0.1.0';
