// The wall: what the hub sends becomes posts, what the form holds is published.
import { follow } from "./stream.js";
import { publish } from "./publish.js";

const rooms = new URL("/wall/:room", location.origin).href;
const most = 500; // posts kept on the page

const wall = document.getElementById("wall");
const form = document.getElementById("compose");
const fresh = (name) => document.getElementById(name).content.firstElementChild.cloneNode(true);

// Connection ------------------------------------------------------------------

// What was missed comes in one burst behind the opening of a stream, oldest
// first: a stream does not say where the past ends, so a moment of quiet has to.
const quiet = 400; // milliseconds

let since = null; // when the connection was lost
let burst = "history"; // what posts are at the moment: history, missed or live
let gap = null; // the line between what was seen and what was missed
let ending = 0; // the timer that ends the burst

// The post that was newest when this browser last showed the wall.
const seen = localStorage.getItem("seen");

follow(rooms, {
  opened() {
    if (since !== null) {
      burst = "missed";
      gap = { label: `Away for ${span(Date.now() - since)}`, count: 0, line: null };
    }
    since = null;
    say("catching-up", "Catching up…");
    settle();
  },
  arrived(event) {
    add(event);
    if (burst !== "live") settle();
    if (burst === "history" && event.lastEventId === seen) {
      gap = { label: "Since your last visit", count: 0, line: null };
    }
    localStorage.setItem("seen", event.lastEventId);
  },
  lost() {
    since ??= Date.now();
    clearTimeout(ending);
  },
});

function settle() {
  clearTimeout(ending);
  ending = setTimeout(() => {
    burst = "live";
    gap = null;
    say("live", "Live");
  }, quiet);
}

setInterval(() => {
  if (since !== null) say("lost", `Connection lost ${span(Date.now() - since)} ago, coming back…`);
}, 250);

function say(state, words) {
  const page = document.documentElement, line = document.getElementById("state");
  if (page.dataset.state !== state) page.dataset.state = state;
  if (line.textContent !== words) line.textContent = words;
}

// Timeline --------------------------------------------------------------------

function add(event) {
  const { topic, author, text, at } = read(event.data);
  const post = fresh("post");
  const put = (where, what) => { post.querySelector(where).textContent = what; };
  post.dataset.when = gap ? "missed" : burst;
  post.dataset.id = event.lastEventId;
  put("strong", author);
  put(".text", text);
  put(".topic", topic);
  put(".id", event.lastEventId);
  put(".face", [...author][0].toUpperCase());
  post.querySelector(".face").style.setProperty("--hue", hue(author));
  const time = post.querySelector("time");
  time.dateTime = at.toISOString();
  time.textContent = at.toLocaleString([], { dateStyle: "medium", timeStyle: "medium" });

  if (gap) count(gap);
  wall.prepend(post);
  while (wall.childElementCount > most) wall.lastElementChild.remove();
  const posts = wall.querySelectorAll(".post").length;
  document.getElementById("tally").textContent = posts === 1 ? "1 post" : `${posts} posts`;
  document.getElementById("empty").hidden = true;
}

// count keeps the line below the posts that were missed up to date.
function count(gap) {
  if (!gap.line) {
    gap.line = fresh("gap");
    wall.prepend(gap.line);
  }
  gap.count++;
  gap.line.firstElementChild.textContent = `${gap.label}: ${gap.count} missed ↑`;
}

// read makes a post of whatever was published; others may write here too.
function read(data) {
  const post = { topic: "", author: "Somebody", text: data, at: new Date() };
  try {
    const { "@id": topic, author, text, at } = JSON.parse(data);
    if (typeof topic === "string") post.topic = new URL(topic).pathname;
    if (typeof author === "string" && author.trim()) post.author = author.trim();
    if (typeof text === "string") post.text = text;
    if (!Number.isNaN(Date.parse(at))) post.at = new Date(at);
  } catch {
    // Not one of ours: shown as it is.
  }
  return post;
}

function span(milliseconds) {
  const seconds = Math.round(milliseconds / 1000);
  return seconds < 90 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
}

function hue(name) {
  let sum = 0;
  for (const letter of name) sum = (31 * sum + letter.codePointAt(0)) % 360;
  return sum;
}

// Form ------------------------------------------------------------------------

for (const name of ["author", "token"]) {
  form.elements[name].value = sessionStorage.getItem(name) ?? "";
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const { author, room, text, token } = Object.fromEntries(new FormData(form));
  sessionStorage.setItem("author", author);
  sessionStorage.setItem("token", token.trim());

  // An event does not carry its topic, so the data does.
  const topic = new URL(`/wall/${room}`, location.origin).href;
  const data = JSON.stringify({ "@id": topic, author, text, at: new Date().toISOString() });
  const answer = document.getElementById("answer");
  const button = form.querySelector("button");
  button.disabled = true;
  try {
    answer.value = `Published as ${await publish(topic, data, token.trim())}`;
    answer.className = "sent";
    form.elements.text.value = "";
  } catch (refusal) {
    answer.value = `Not published. ${refusal.message}`;
    answer.className = "refused";
  } finally {
    button.disabled = false;
    form.elements.text.focus();
  }
});
