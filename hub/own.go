package hub

import (
	"net"
	"net/http"

	"cinnabar/hub/fanout"
)

// Own lets a hub take streams over HTTP/1.x from the server that accepted them:
// an idle one then costs a tenth of the memory, and a delivery half the time.
// Call it before serving, and serve on the listener it returns, with Serve or
// ServeTLS; the hub's listener has to be one for TCP.
//
// The server forgets the connections it was relieved of: its Shutdown and Close
// do not wait for them, [Hub.Close] ends them. A handler around the hub sees
// such a request return as soon as its stream has begun, and must not transform
// the body of the answer. Streams that cannot be taken, and all where
// [Config.PortableStreams] is set, stay with their handlers.
func Own(s *http.Server, l net.Listener) net.Listener { return fanout.Own(s, l) }
