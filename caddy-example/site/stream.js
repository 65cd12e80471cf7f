// Following topics on the hub, for as long as the page is open.

const longest = 30_000; // milliseconds between attempts of our own

// follow reports what happens to the subscription: opened(), arrived(event)
// for each update, and lost(). It begins with all the history there is.
export function follow(pattern, { opened, arrived, lost }) {
  let cursor = "earliest";
  let pause = 1000;

  const open = () => {
    const url = new URL("/.well-known/mercure", location.origin);
    url.searchParams.set("match_urlpattern", pattern);
    url.searchParams.set("last_event_id", cursor);

    const source = new EventSource(url);
    source.onopen = () => { pause = 1000; opened(); };
    source.onmessage = (event) => { cursor = event.lastEventId; arrived(event); };
    source.onerror = () => {
      lost();
      // After a broken connection the browser comes back by itself, and says
      // which event it had last. After an answer other than a stream it never
      // does, so we do.
      if (source.readyState === EventSource.CLOSED) {
        setTimeout(open, pause * (0.5 + Math.random()));
        pause = Math.min(2 * pause, longest);
      }
    };
  };
  open();
}
