/** Where others are told something: over TLS, or on this machine. */
export const webAddress =
  "^(https://|http://(127\\.0\\.0\\.1|localhost)(:[0-9]+)?/)[\\x21-\\x7e]*$";
