package cli

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"cinnabar/auth"
	"cinnabar/spec"
)

// publication is what the publish command sends.
type publication struct {
	hubAccess
	alternates []string
	private    bool
	id, typ    string
	retry      string
	once       string // idempotency key
	matched    bool
}

func publishOptions() []option { return new(publication).options() }

func (c *publication) options() []option {
	return append(c.hubAccess.options(auth.Publisher),
		option{name: "alternate", arg: "TOPIC", repeat: true, about: "a further topic; repeat the flag for more", put: list(&c.alternates)},
		option{name: "private", about: "for subscribers alone whose token grants a topic", put: toggle(&c.private)},
		option{name: "id", arg: "ID", about: "id of the update; the hub makes one up otherwise", put: text(&c.id)},
		option{name: "type", arg: "TYPE", about: "event type", put: text(&c.typ)},
		option{name: "idempotency-key", arg: "KEY", about: "name of this publish: repeated with it, the update is published once", put: text(&c.once)},
		option{name: "retry", arg: "MS", about: "reconnection time for subscribers", put: text(&c.retry)},
		option{name: "matched", about: "also tells, on standard error, how many live subscribers of the hub that answers it was queued for", put: toggle(&c.matched)},
	)
}

// accepted is the answer to a publication: its id and, if that was asked for
// and is known, how many live subscribers matched.
type accepted struct{ id, matched string }

// publish sends one update and prints its id.
func (p *program) publish(args []string) error {
	var c publication
	operands, err := p.parse(c.options(), args)
	if err != nil {
		return err
	}
	if len(operands) == 0 || len(operands) > 2 {
		return usageError{errors.New("publish takes a topic and perhaps data: cinnabar publish TOPIC [DATA]")}
	}
	topics := append(operands[:1:1], c.alternates...)
	data, err := p.data(operands[1:])
	if err != nil {
		return err
	}
	answer, err := c.send(&http.Client{Timeout: time.Minute}, topics, data)
	if err != nil {
		return err
	}
	fmt.Fprintln(p.stdout, answer.id)
	switch {
	case !c.matched:
	case answer.matched == "":
		fmt.Fprintln(p.stderr, "cinnabar: the hub does not say how many live subscribers matched")
	default:
		fmt.Fprintln(p.stderr, "cinnabar: live subscribers matched:", answer.matched)
	}
	return nil
}

// data is the operand, else standard input without its last line break.
func (p *program) data(operand []string) (string, error) {
	if len(operand) > 0 {
		return operand[0], nil
	}
	b, err := io.ReadAll(p.stdin)
	if err != nil {
		return "", fmt.Errorf("reading the data: %w", err)
	}
	return strings.TrimSuffix(string(b), "\n"), nil
}

func (c *publication) send(client *http.Client, topics []string, data string) (accepted, error) {
	form := url.Values{spec.ParamTopic: topics, spec.FieldData: {data}}
	if c.private {
		form.Set(spec.FieldPrivate, "on")
	}
	for name, value := range map[string]string{spec.FieldID: c.id, spec.FieldType: c.typ, spec.FieldRetry: c.retry} {
		if value != "" {
			form.Set(name, value)
		}
	}
	r, err := http.NewRequest(http.MethodPost, c.url, strings.NewReader(form.Encode()))
	if err != nil {
		return accepted{}, fmt.Errorf("publishing: %w", err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if c.once != "" {
		r.Header.Set("Idempotency-Key", c.once)
	}
	if err := c.present(r, auth.Publisher); err != nil {
		return accepted{}, err
	}
	if c.matched {
		r.Header.Set("Prefer", "cinnabar-matched")
	}
	answer, err := client.Do(r)
	if err != nil {
		return accepted{}, unreachable(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return accepted{}, readRefusal(answer)
	}
	b, err := io.ReadAll(io.LimitReader(answer.Body, 64<<10))
	if err != nil {
		return accepted{}, fmt.Errorf("reading the id: %w", err)
	}
	return accepted{id: string(b), matched: answer.Header.Get("Cinnabar-Matched")}, nil
}
