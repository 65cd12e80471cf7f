// node node.js URL...: follows streams with npm's eventsource until standard
// input ends, one line of JSON for each happening.
import EventSource from "eventsource";
import { follow } from "./follow.js";

follow(EventSource, process.argv.slice(2), (line) => console.log(JSON.stringify(line)));
process.stdin.resume().on("end", () => process.exit());
