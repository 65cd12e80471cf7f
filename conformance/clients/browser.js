// node browser.js PAGE URL... [--cookie NAME=VALUE]...: follows streams with a
// browser's EventSource, from PAGE, until standard input ends, one line of JSON
// for each happening. The cookies are the hub's, set as an application should.
import { parseArgs } from "node:util";
import { launch } from "./chromium.js";

const { positionals: [address, ...urls], values: { cookie: cookies = [] } } =
  parseArgs({ allowPositionals: true, options: { cookie: { type: "string", multiple: true } } });

const browser = await launch();
process.stdin.resume().on("end", () => browser.close());

const page = await browser.newPage();
const { hostname: domain, pathname: path } = new URL(urls[0]);
await page.context().addCookies(cookies.map((cookie) => {
  const [name, value] = cookie.split("=");
  return { name, value, domain, path, secure: true, httpOnly: true, sameSite: "Strict" };
}));
await page.exposeFunction("report", (line) => console.log(JSON.stringify(line)));
await page.goto(`${address}?${new URLSearchParams(urls.map((url) => ["stream", url]))}`);
