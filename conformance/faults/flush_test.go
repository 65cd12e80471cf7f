package faults

import (
	"strings"
	"testing"
)

// A trace of one publish, in the form strace prints it, with what happens
// between arrival and answer left out.
const (
	arrives = `7 read(8<TCP:[127.0.0.1:4000->127.0.0.1:5000]>,  <unfinished ...>
9 write(5</other/file>, "", 0) = 0
7 <... read resumed>"POST /.well-known/mercure HTTP/1.1\r\n\r\ndata=n-p%2F0%2F40+&topic=t", 4096) = 70
7 read(8<TCP:[127.0.0.1:4000->127.0.0.1:5000]>, 0xc000, 4096) = -1 EAGAIN (Resource temporarily unavailable)
`
	writes  = `9 pwrite64(5</var/hub.db>, "\0\0n-p/0/40 n-p/0/40", 4096, 8192) = 4096` + "\n"
	flushes = `9 fdatasync(5</var/hub.db>)  = 0` + "\n"
	answers = `7 write(8<TCP:[127.0.0.1:4000->127.0.0.1:5000]>, "HTTP/1.1 200 OK\r\n\r\nid", 60) = 60` + "\n"
)

func TestJudgeFlushes(t *testing.T) {
	for name, c := range map[string]struct {
		trace string
		want  string // the violation; "" for none
	}{
		"written, flushed, answered": {arrives + writes + flushes + answers, ""},
		"two writes, two flushes":    {arrives + writes + flushes + writes + flushes + answers, ""},
		"flush unfinished meanwhile": {arrives + writes +
			"9 fdatasync(5</var/hub.db> <unfinished ...>\n7 write(1<pipe:[1]>, \"x\", 1) = 1\n9 <... fdatasync resumed>) = 0\n" + answers, ""},
		"never flushed":                {arrives + writes + answers, "flushed"},
		"flushed before the write":     {arrives + flushes + writes + answers, "flushed"},
		"written again after flushing": {arrives + writes + flushes + writes + answers, "flushed"},
		"flush begun during the write": {arrives +
			"9 pwrite64(5</var/hub.db>, \"n-p/0/40 \" <unfinished ...>\n10 fdatasync(5</var/hub.db> <unfinished ...>\n" +
			"9 <... pwrite64 resumed>, 4096, 8192) = 4096\n10 <... fdatasync resumed>) = 0\n" + answers, "flushed"},
		"flush ends after the answer": {arrives + writes +
			"9 fdatasync(5</var/hub.db> <unfinished ...>\n" + answers + "9 <... fdatasync resumed>) = 0\n", "flushed"},
		"flush failed":               {arrives + writes + "9 fdatasync(5</var/hub.db>) = -1 EIO (Input/output error)\n" + answers, "flushed"},
		"another file flushed":       {arrives + writes + "9 fdatasync(6</var/hub.db.old>) = 0\n" + answers, "flushed"},
		"another publish written":    {arrives + strings.ReplaceAll(writes, "n-p/0", "n-p/1") + flushes + answers, "written"},
		"written before it arrived":  {writes + arrives + flushes + answers, "written"},
		"answered before the write":  {arrives + answers + writes + flushes, "written"},
		"answered on another socket": {arrives + writes + flushes + strings.ReplaceAll(answers, "5000", "5001"), "not in the trace"},
	} {
		t.Run(name, func(t *testing.T) {
			calls, err := ReadTrace(strings.NewReader(c.trace))
			if err != nil {
				t.Fatal(err)
			}
			attempt := Attempt{Key: "n-p/0/40", Outcome: Acknowledged, ID: "id"}
			report := JudgeFlushes(calls, "/var/hub.db", []Attempt{attempt})
			got := strings.Join(report.Violations, "; ")
			if (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
				t.Errorf("violations %q, want %q\n%s", got, c.want, c.trace)
			}
		})
	}
}

func TestReadTraceRefusesNonsense(t *testing.T) {
	if calls, err := ReadTrace(strings.NewReader("7 <... read resumed>\"\", 1) = 1\n")); err == nil {
		t.Errorf("a call that resumes and never began is read as %v", calls)
	}
}
