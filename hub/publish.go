package hub

import (
	"io"
	"net/http"
	"time"

	"cinnabar/spec"
	"cinnabar/store"
)

// headerAck tells a publisher what its update survives: disk, os or memory.
const headerAck = "Cinnabar-Ack"

// appendTimeout bounds how long a publisher waits for the history.
const appendTimeout = 30 * time.Second

// servePublish is POST on the hub's path: an update comes in, its id goes out
// once it is in the history (PUB-200, PUB-body-id, PUB-content-type).
func (h *Hub) servePublish(w http.ResponseWriter, r *http.Request) {
	c := call{endpoint: publishEndpoint}
	receipt, err := h.publish(w, r, &c)
	h.metrics.requested(c)
	if err != nil {
		h.refuse(w, r, c, err)
		return
	}
	h.metrics.published(receipt.Repeated)
	header := w.Header()
	header.Set("Content-Type", "text/plain; charset=utf-8")
	header.Set(headerAck, receipt.Reached.String())
	h.tellMatched(w, r, receipt)
	// A client that is gone has its update stored; there is nobody to tell.
	_, _ = io.WriteString(w, receipt.Entries[0].ID.String())
}

// publish checks in the order of cost and of what a stranger may learn: who it
// is (401) and where it comes from, before a byte of the body is read; what it
// sent (400, 413); whether it may (403).
func (h *Hub) publish(w http.ResponseWriter, r *http.Request, c *call) (store.Receipt, error) {
	grants, by, err := h.trust.current.Load().ForPublish(r)
	if err != nil {
		return store.Receipt{}, err
	}
	c.generation = grants.Generation()
	h.announce(w, c.generation)
	h.noteLegacy(publishEndpoint, grants)
	if err := h.checkSite(r, by); err != nil {
		return store.Receipt{}, err
	}
	key, err := keyOf(r)
	if err != nil {
		return store.Receipt{}, err
	}
	form, done, err := h.now().publishForms.read(w, r, grants)
	defer done()
	if err != nil {
		return store.Receipt{}, err
	}
	if err := checkUTF8(form); err != nil {
		return store.Receipt{}, err
	}
	update, err := spec.NewUpdate(fieldsOf(form), h.now().rules)
	if err != nil {
		return store.Receipt{}, err
	}
	if topic, ok := grants.CanPublish(update.Topics()); !ok {
		return store.Receipt{}, &notGranted{topic: topic, generation: c.generation, withheld: grants.Withheld(topic)}
	}
	// A client that closed its side may still listen, and net/http takes it for
	// gone. What it sent is stored in either case, so it is told the truth.
	ctx := h.deadlines.in(appendTimeout)
	if key != "" {
		return h.append(ctx, update, onceOf(grants, key, update))
	}
	return h.append(ctx, update, nil)
}

// fieldsOf picks the fields of an update out of a form. Of a single-valued one
// the first occurrence counts; private counts by being there, whatever its
// value (PUB-private-presence); unknown ones do not (PUB-unknown-fields).
func fieldsOf(form []spec.Pair) spec.Fields {
	var f spec.Fields
	var data, id, kind, retry bool
	first := func(seen *bool, field *string, value string) {
		if !*seen {
			*seen, *field = true, value
		}
	}
	for _, p := range form {
		switch p.Name {
		case spec.ParamTopic:
			f.Topics = append(f.Topics, p.Value)
		case spec.FieldData:
			first(&data, &f.Data, p.Value)
		case spec.FieldPrivate:
			f.Private = true
		case spec.FieldID:
			first(&id, &f.ID, p.Value)
		case spec.FieldType:
			first(&kind, &f.Type, p.Value)
		case spec.FieldRetry:
			first(&retry, &f.Retry, p.Value)
		}
	}
	return f
}
