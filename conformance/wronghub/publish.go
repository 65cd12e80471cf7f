package wronghub

import (
	"crypto/rand"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// publish takes an update in.
func (h *Hub) publish(w http.ResponseWriter, r *http.Request) error {
	t, c, err := h.authenticate(r, either, h.publisherKey)
	switch {
	case err != nil:
		return err
	case t == nil && !h.is(PublishesWithoutToken):
		return noToken
	case (c.ambient || h.is(WantsOriginOfEverybody)) && h.forged(r):
		return refusal{status: http.StatusForbidden, detail: "a cookie, but from which page?"}
	}
	f, err := h.readForm(r, TakesAnyPublishBody)
	if err != nil {
		return err
	}
	u, err := h.parseUpdate(f)
	if err != nil && h.is(DispatchesBeforeItChecks) && u != nil {
		h.history.append(u)
	}
	if err != nil && h.is(AuthorizesBeforeItChecks) && !h.mayPublish(t, &update{topics: f.all("topic")}) {
		return insufficientScope
	}
	if err != nil {
		return err
	}
	if !h.mayPublish(t, u) {
		switch {
		case h.is(DispatchesWhatItRefuses):
			h.history.append(u)
		case h.is(RefusesTopicsWith401):
			return invalidToken
		}
		return insufficientScope
	}
	h.history.append(u)
	return h.acknowledge(w, u)
}

// acknowledge answers an accepted publish.
func (h *Hub) acknowledge(w http.ResponseWriter, u *update) error {
	body := u.id
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	switch {
	case h.is(EndsAnswersWithNewline):
		body += "\n"
	case h.is(OmitsCharset):
		w.Header().Set("Content-Type", "text/plain")
	case h.is(AnswersJSON):
		w.Header().Set("Content-Type", "application/json")
	case h.is(AnswersCreated):
		w.WriteHeader(http.StatusCreated)
	case h.is(AnswersSeeOther):
		w.WriteHeader(http.StatusSeeOther)
	}
	_, err := io.WriteString(w, body)
	return err
}

// readForm reads the body of a request; of which type it is may go unchecked.
func (h *Hub) readForm(r *http.Request, anyType Defect) (form, error) {
	const wanted = "application/x-www-form-urlencoded"
	given := r.Header.Get("Content-Type")
	media, _, err := mime.ParseMediaType(given)
	if h.is(ComparesMediaTypeAsItIs) {
		media = given
	}
	if (err != nil || media != wanted) && !h.is(anyType) {
		return nil, malformed("the body is no form")
	}
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, malformed("reading the body: " + err.Error())
	}
	if err := h.checkBody(raw); r.Method == http.MethodPost && err != nil {
		return nil, err
	}
	return h.parseForm(string(raw)), nil
}

// parseUpdate makes an update of the fields of a form.
func (h *Hub) parseUpdate(f form) (*update, error) {
	for _, field := range f {
		if !utf8.ValidString(field.name) || !utf8.ValidString(field.value) {
			return nil, malformed("the form is not UTF-8")
		}
		if h.is(RefusesOtherFields) && !strings.Contains(" topic data private id type retry ", " "+field.name+" ") {
			return nil, malformed("the field " + field.name + " is none")
		}
	}
	u := &update{
		topics:  f.all("topic"),
		id:      f.first("id"),
		kind:    f.first("type"),
		retry:   f.first("retry"),
		data:    f.first("data"),
		private: h.isPrivate(f),
	}
	if _, ok := f.lookup("data"); !ok && h.is(WantsData) {
		return nil, malformed("data is missing")
	}
	if err := h.checkTopics(u); err != nil {
		return u, err
	}
	if err := h.checkFields(u); err != nil {
		return u, err
	}
	err := h.checkSizes(u)
	if err != nil && h.is(DispatchesWhatIsTooLarge) {
		h.history.append(u)
	}
	return u, err
}

// isPrivate reports whether the form makes its update private.
func (h *Hub) isPrivate(f form) bool {
	value, private := f.lookup("private")
	switch {
	case h.is(WantsPrivateOn):
		return value == "on"
	case h.is(TakesPrivateFalseForPublic):
		return private && value != "false" && value != "0"
	}
	return private
}

// checkFields checks what is not about topics, and gives an update its id.
func (h *Hub) checkFields(u *update) error {
	if h.is(ReplacesIDsUnseen) {
		u.id = ""
	}
	switch {
	case !h.isText(u.id, asID):
		return malformed("id holds characters it may not")
	case strings.HasPrefix(u.id, "#") && !h.is(AllowsHashIDs):
		return malformed("id is a fragment, as only a hub gives them")
	case strings.Contains(u.id, "#") && h.is(RefusesHashesInIDs):
		return malformed("id has a fragment")
	case u.id == earliest && !h.is(AllowsEarliestAsID), strings.EqualFold(u.id, earliest) && h.is(FoldsEarliest):
		return malformed("id is the cursor of the beginning")
	case !h.isText(u.kind, asType):
		return malformed("type holds characters it may not")
	case u.kind == "mercure" && !h.is(AllowsMercureType), strings.EqualFold(u.kind, "mercure") && h.is(FoldsMercureType):
		return malformed("type is the hub's own")
	case !h.isRetry(u.retry):
		return malformed("retry is no number")
	}
	switch {
	case u.id == "" && h.is(NumbersUpdates):
		updates, _, _ := h.history.all()
		u.id = strconv.Itoa(len(updates))
	case u.id == "" && h.is(RepeatsIDs):
		u.id = "urn:x:update"
	case u.id == "" && !h.is(KeepsEmptyIDs):
		u.id = newID()
	}
	return nil
}

// isRetry reports whether a string is digits only.
func (h *Hub) isRetry(s string) bool {
	if s == "" {
		return true
	}
	if h.is(ReadsRetryIntoInt) {
		_, err := strconv.Atoi(s)
		return err == nil
	}
	return !strings.ContainsFunc(s, func(r rune) bool {
		return (r < '0' || r > '9') && !(h.is(TakesAnyDigits) && unicode.IsDigit(r))
	})
}

func newID() string {
	var b [16]byte
	rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
