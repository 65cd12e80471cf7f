// node wall.js SITE: opens the timeline wall in a browser and reports what its
// user sees, one line of JSON for each happening. Each line of standard input,
// {"author", "text", "token"}, is written on the wall by hand, as it were.
import { createInterface } from "node:readline";
import { launch } from "./chromium.js";

const report = (line) => console.log(JSON.stringify({ stream: 0, ...line }));

const browser = await launch();
// The example's certificate comes from an authority of its own.
const page = await browser.newPage({ ignoreHTTPSErrors: true });
page.on("pageerror", (error) => report({ kind: "error", data: String(error) }));
await page.exposeFunction("report", report);

const network = await page.context().newCDPSession(page);
await network.send("Network.enable");
network.on("Network.responseReceived", ({ response, type }) =>
  report({ kind: "response", type, data: response.protocol }));

await page.addInitScript(() => addEventListener("DOMContentLoaded", () => {
  const text = (node, where) => node.querySelector(where).textContent;
  const see = ({ target, addedNodes }) => {
    for (const node of addedNodes) {
      if (node.nodeType !== Node.ELEMENT_NODE) continue;
      if (node.matches(".post")) {
        window.report({ kind: node.dataset.when, id: node.dataset.id, type: text(node, ".topic"), data: text(node, ".text") });
      }
    }
    if (target.id === "answer") window.report({ kind: target.className, data: target.textContent });
    if (target === document.documentElement) window.report({ kind: "state", data: target.dataset.state });
  };
  const observer = new MutationObserver((changes) => changes.forEach(see));
  observer.observe(document.getElementById("wall"), { childList: true });
  observer.observe(document.getElementById("answer"), { attributeFilter: ["class"] });
  observer.observe(document.documentElement, { attributeFilter: ["data-state"] });
}));
await page.goto(process.argv[2]);

for await (const line of createInterface({ input: process.stdin })) {
  for (const [field, value] of Object.entries(JSON.parse(line))) await page.fill(`[name=${field}]`, value);
  await page.click("#compose button");
}
await browser.close();
