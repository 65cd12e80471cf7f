// node browser.js PAGE URL...: follows streams with a browser's EventSource,
// from PAGE, until standard input ends, one line of JSON for each happening.
import { launch } from "./chromium.js";

const [address, ...urls] = process.argv.slice(2);
const browser = await launch();
process.stdin.resume().on("end", () => browser.close());

const page = await browser.newPage();
await page.exposeFunction("report", (line) => console.log(JSON.stringify(line)));
await page.goto(`${address}?${new URLSearchParams(urls.map((url) => ["stream", url]))}`);
