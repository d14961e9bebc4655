// Prints, and puts terminal escapes into everything that a report shows.
const evil = '\u001b[31mred\u0007\u202e\r\n<script>alert(1)</script>';
console.log(`printed ${evil}`);
export const adapter = {
  name: evil,
  version: evil,
  open: () => ({
    registerServer() { throw new Error(evil); },
    unregisterServer() { throw Object.assign(new Error(evil), { code: evil }); },
    findServer: () => ({ id: evil, endpoint: evil, config: { [evil]: evil } }),
  }),
};
