package fanout

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"strings"
	"sync"
)

// A link is how the clients of a model are connected to one engine.
type link interface {
	// connect opens a stream whose client takes room events for now; negative:
	// any number.
	connect(s Subscription, room int) (client, error)
	// end lets go of what serves the streams. The engine is closed.
	end()
}

// A client is the far end of a stream.
type client interface {
	// give makes it take n events more, or about as many; negative: any number.
	give(n int)
	// taken returns the data of the events it was given.
	taken() []string
	// reason is why the stream ended, "" for one that is open.
	reason() Reason
	leave()
	// drained returns once a client with any room has taken what was sent until
	// its stream ended; the error says how the end was unclean.
	drained() error
}

// links are all the ways: without a carrier, and over each.
var links = map[string]func(t fataler, e *Engine) link{
	"no carrier":          func(_ fataler, e *Engine) link { return &recorded{e} },
	"hijacked, no kernel": newMoored,
	"reluctant http1.1":   servedOver("reluctant http1.1"),
	"reluctant tls":       servedOver("reluctant tls"),
	"http1.1":             servedOver("http1.1"),
}

// recorded connects recorders.
type recorded struct{ engine *Engine }

func (l *recorded) connect(s Subscription, room int) (client, error) {
	r := newRecorder(room)
	_, err := l.engine.join(s, func(sub *Subscriber) Stream { r.sub = sub; return r })
	return r, err
}

func (l *recorded) end() {}

func (r *recorder) leave()         { r.Close(ClientGone) }
func (r *recorder) drained() error { return nil }

// modelHead stands for the head of an answer.
const modelHead = "HTTP/1.1 200 OK\r\n\r\n"

// moored connects hijacked streams to quays: how many bytes leave in a write is
// the model's choice, and nothing of it the kernel's.
type moored struct {
	engine *Engine
	dock   *dock
}

func newMoored(_ fataler, e *Engine) link {
	l := &moored{e, &dock{closed: make(chan struct{})}}
	e.writers.run(l.dock)
	return l
}

func (l *moored) end() {}

func (l *moored) connect(s Subscription, room int) (client, error) {
	c := &mooredClient{link: l, quay: quay{room: bytesOf(room)}, ended: make(chan struct{})}
	l.dock.made = func(at berth) rawConn { c.at = at; return c }
	s.Closed = func(r Reason, _ Tally) { c.why = r; close(c.ended) }
	stream, err := l.engine.writers.open(&conn{}, nil, true)
	if err != nil {
		return nil, err
	}
	if err := l.engine.begin(stream, s); err != nil {
		return nil, err
	}
	stream.socket.open([]byte(modelHead))
	stream.hand(false)
	return c, nil
}

// bytesOf is how many bytes a number of small events takes, about: most often
// it ends in the midst of one.
func bytesOf(events int) int { return events * 67 }

// A mooredClient is a quay that closes its side when the other is closed.
type mooredClient struct {
	quay
	link  *moored
	at    berth
	why   Reason
	ended chan struct{}
}

func (c *mooredClient) closeWrite() error {
	err := c.quay.closeWrite()
	c.link.dock.happens(c.link.engine, c.at, hungUp)
	return err
}

func (c *mooredClient) give(n int) {
	c.set(func() { c.room = bytesOf(n) })
	c.link.dock.happens(c.link.engine, c.at, writable)
}

func (c *mooredClient) leave() {
	c.link.dock.happens(c.link.engine, c.at, hungUp)
	<-c.ended
}

func (c *mooredClient) reason() Reason {
	select {
	case <-c.ended:
		return c.why
	default:
		return ""
	}
}

func (c *mooredClient) taken() []string {
	body, ok := strings.CutPrefix(c.sent(), modelHead)
	if !ok {
		return nil
	}
	events, _ := io.ReadAll(httputil.NewChunkedReader(strings.NewReader(body))) // as far as they came
	var taken []string
	for event := range strings.SplitAfterSeq(string(events), "\n\n") {
		if strings.HasSuffix(event, "\n\n") {
			taken = append(taken, dataOf(&Event{payload: payload{plain: []byte(event)}}))
		}
	}
	return taken
}

func (c *mooredClient) drained() error {
	<-c.ended
	if sent := c.sent(); !strings.HasSuffix(sent, "\n\n\r\n"+string(lastChunk)) && sent != modelHead+string(lastChunk) {
		return fmt.Errorf("the response ends with %q", sent[max(0, len(sent)-40):])
	}
	return nil
}

// served connects over loopback, through net/http.
type served struct {
	engine  *Engine
	server  *httptest.Server
	client  *http.Client
	opening chan Subscription
	reading sync.WaitGroup
}

func servedOver(name string) func(fataler, *Engine) link {
	tr := named(name)
	return func(t fataler, e *Engine) link {
		if tr.prepare != nil {
			tr.prepare(t, e)
		}
		l := &served{engine: e, opening: make(chan Subscription, 1)}
		l.server = httptest.NewUnstartedServer(l)
		tr.serve(l.server)
		l.client = tr.client(l.server)
		return l
	}
}

// ServeHTTP carries the stream that connect is opening.
func (l *served) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := l.engine.Carry(w, r, <-l.opening, []byte("retry: 1000\n")); err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
	}
}

func (l *served) connect(s Subscription, room int) (client, error) {
	c := &servedClient{room: room, ended: make(chan struct{}), read: make(chan struct{})}
	c.changed.L = &c.mu
	s.Closed = func(r Reason, _ Tally) { c.why = r; close(c.ended) }
	l.opening <- s
	resp, err := l.client.Get(l.server.URL)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		resp.Body.Close()
		return nil, errors.New(resp.Status)
	}
	c.body = resp.Body
	l.reading.Go(c.readAll)
	return c, nil
}

func (l *served) end() {
	l.client.CloseIdleConnections()
	l.server.Close()
	l.reading.Wait()
}

// A servedClient reads one event after the other while it has room.
type servedClient struct {
	body  io.ReadCloser
	why   Reason
	ended chan struct{} // the hub's side
	read  chan struct{} // to the end

	mu      sync.Mutex
	changed sync.Cond // room or gone
	room    int
	gone    bool
	data    []string
	failure error // of reading
}

func (c *servedClient) readAll() {
	defer close(c.read)
	defer c.body.Close()
	lines := bufio.NewReaderSize(c.body, 512)
	data := ""
	for c.hasRoom() {
		text, err := lines.ReadString('\n')
		if err != nil {
			if errors.Is(err, io.EOF) && text == "" && data == "" {
				err = nil
			}
			c.mu.Lock()
			c.failure = err
			c.mu.Unlock()
			return
		}
		if value, ok := strings.CutPrefix(text, "data: "); ok {
			data = strings.TrimSuffix(value, "\n")
		}
		if text == "\n" {
			c.mu.Lock()
			c.data = append(c.data, data)
			c.room--
			c.mu.Unlock()
			data = ""
		}
	}
}

// hasRoom waits for it, and is false once the client has left.
func (c *servedClient) hasRoom() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.room == 0 && !c.gone {
		c.changed.Wait()
	}
	return !c.gone
}

func (c *servedClient) give(n int) {
	c.mu.Lock()
	c.room = n
	c.mu.Unlock()
	c.changed.Broadcast()
}

func (c *servedClient) taken() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]string(nil), c.data...)
}

func (c *servedClient) reason() Reason {
	select {
	case <-c.ended:
		return c.why
	default:
		return ""
	}
}

func (c *servedClient) leave() {
	c.mu.Lock()
	c.gone = true
	c.mu.Unlock()
	c.changed.Broadcast()
	c.body.Close()
	<-c.ended
	<-c.read
}

func (c *servedClient) drained() error {
	<-c.ended
	<-c.read
	return c.failure
}
