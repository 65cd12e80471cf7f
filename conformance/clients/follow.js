// The client under test, the same for every EventSource there is: opens
// streams and reports what happens to each.
export function follow(EventSource, urls, report) {
  urls.forEach((url, stream) => {
    const source = new EventSource(url, { withCredentials: true });
    const event = ({ lastEventId, type, data }) =>
      report({ stream, kind: "event", id: lastEventId, type, data });
    source.addEventListener("message", event);
    source.addEventListener("notice", event);
    source.addEventListener("cinnabar.gap", event);
    source.addEventListener("open", () => report({ stream, kind: "open" }));
    source.addEventListener("error", () =>
      report({ stream, kind: source.readyState === EventSource.CLOSED ? "closed" : "lost" }));
  });
}
