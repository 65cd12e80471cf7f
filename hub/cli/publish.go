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
	)
}

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
	id, err := c.send(&http.Client{Timeout: time.Minute}, topics, data)
	if err != nil {
		return err
	}
	fmt.Fprintln(p.stdout, id)
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

func (c *publication) send(client *http.Client, topics []string, data string) (id string, err error) {
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
		return "", fmt.Errorf("publishing: %w", err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if c.once != "" {
		r.Header.Set("Idempotency-Key", c.once)
	}
	if err := c.present(r, auth.Publisher); err != nil {
		return "", err
	}
	answer, err := client.Do(r)
	if err != nil {
		return "", unreachable(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return "", readRefusal(answer)
	}
	b, err := io.ReadAll(io.LimitReader(answer.Body, 64<<10))
	if err != nil {
		return "", fmt.Errorf("reading the id: %w", err)
	}
	return string(b), nil
}
