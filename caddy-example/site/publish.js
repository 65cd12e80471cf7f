// Publishing to the hub.

// publish sends an update and returns its id. What the hub refuses becomes an
// Error that says what it said.
export async function publish(topic, data, token) {
  const answer = await fetch("/.well-known/mercure", {
    method: "POST",
    headers: { Authorization: `Bearer ${token}` },
    body: new URLSearchParams({ topic, data }),
  });
  if (answer.ok) return answer.text();
  throw new Error(`${answer.status}: ${await reason(answer)}`);
}

async function reason(answer) {
  if (answer.status === 401) return "the hub does not accept this token. Paste the one that ./start printed.";
  if (answer.status === 502) return "the hub is away. Try again in a moment.";
  if (answer.headers.get("Content-Type")?.startsWith("application/problem+json")) {
    const { title, detail } = await answer.json();
    return detail ?? title;
  }
  return answer.statusText || "the hub refused the update.";
}
