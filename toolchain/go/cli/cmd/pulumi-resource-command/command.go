package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"sync"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

// command holds the inputs of a command:remote:Command.
type command struct {
	Connection             connection
	Create, Update, Delete *string
	Triggers               []any
	Stdin                  string
	Logging                string
	Environment            map[string]string
	AddPreviousOutputInEnv *bool
}

type outputs struct{ stdout, stderr string }

// line is the command line of a step, or nil where the step has none.
func (c *command) line(step string) *string {
	switch {
	case step == "delete":
		return c.Delete
	case step == "update" && c.Update != nil:
		return c.Update
	}
	return c.Create
}

func (c *command) run(dialing context.Context, to reporter, step string, was outputs) (outputs, error) {
	line := c.line(step)
	if line == nil {
		return was, nil
	}
	client, err := c.Connection.dial(dialing, to)
	if err != nil {
		return outputs{}, err
	}
	defer client.Close()
	session, err := client.NewSession()
	if err != nil {
		return outputs{}, err
	}
	defer session.Close()
	if err := c.setenv(session.Setenv, to, was); err != nil {
		return outputs{}, err
	}
	got := &transcript{show: c.Logging, to: to}
	session.Stdout, session.Stderr = got.stream("stdout"), got.stream("stderr")
	if c.Stdin != "" {
		session.Stdin = strings.NewReader(c.Stdin)
	}
	err = session.Run(*line)
	got.flush()
	if err != nil {
		return outputs{}, fmt.Errorf("%w: running %q:\n%s", err, *line, got.both.String())
	}
	// As in a shell's $(...), but of one newline only: that is what the official plugin keeps in the state.
	return outputs{
		stdout: strings.TrimSuffix(got.out.String(), "\n"),
		stderr: strings.TrimSuffix(got.err.String(), "\n"),
	}, nil
}

// setenv passes the environment on. sshd refuses what its AcceptEnv does not name: fatal for what the program asked
// for, worth a warning for the previous outputs, which are sent unasked.
func (c *command) setenv(set func(k, v string) error, to reporter, was outputs) error {
	for k, v := range c.Environment {
		if err := set(k, v); err != nil {
			return fmt.Errorf("could not set environment variable %q: %w (the SSH server must allow it with AcceptEnv; "+
				"or begin the command with %s=value)", k, err, k)
		}
	}
	if c.AddPreviousOutputInEnv != nil && !*c.AddPreviousOutputInEnv {
		return nil
	}
	for k, v := range map[string]string{"PULUMI_COMMAND_STDOUT": was.stdout, "PULUMI_COMMAND_STDERR": was.stderr} {
		if v != "" && set(k, v) != nil {
			to.warn(fmt.Sprintf("Unable to set '%s': the SSH server must allow it with AcceptEnv", k))
		}
	}
	return nil
}

// transcript collects what a command writes, and reports whole lines of it as they come.
type transcript struct {
	show           string // which streams are reported: the logging input
	to             reporter
	mu             sync.Mutex
	out, err, both bytes.Buffer
	part           []byte // an unfinished line
}

type streamWriter func([]byte) (int, error)

func (w streamWriter) Write(b []byte) (int, error) { return w(b) }

func (t *transcript) stream(name string) io.Writer {
	own := &t.out
	if name == "stderr" {
		own = &t.err
	}
	shown := t.show == "" || t.show == "stdoutAndStderr" || t.show == name
	return streamWriter(func(b []byte) (int, error) {
		t.mu.Lock()
		defer t.mu.Unlock()
		own.Write(b)
		t.both.Write(b)
		if shown {
			t.report(b)
		}
		return len(b), nil
	})
}

func (t *transcript) report(b []byte) {
	t.part = append(t.part, b...)
	for {
		i := bytes.IndexByte(t.part, '\n')
		if i < 0 {
			return
		}
		if line := strings.TrimRight(string(t.part[:i]), "\r"); line != "" {
			t.to.status(line)
		}
		t.part = t.part[i+1:]
	}
}

func (t *transcript) flush() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.report([]byte("\n"))
}

// reporter shows messages beside a resource in the engine's display.
type reporter struct {
	engine pulumirpc.EngineClient
	urn    string
}

func (r reporter) status(text string) { r.log(pulumirpc.LogSeverity_INFO, text, true) }
func (r reporter) warn(text string)   { r.log(pulumirpc.LogSeverity_WARNING, text, false) }

func (r reporter) log(severity pulumirpc.LogSeverity, text string, ephemeral bool) {
	// A lost message is no reason to fail a command that ran.
	_, _ = r.engine.Log(context.Background(), &pulumirpc.LogRequest{
		Severity: severity, Message: text, Urn: r.urn, Ephemeral: ephemeral,
	})
}
