package main

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/structpb"
)

const urn = "urn:pulumi:s::p::command:remote:Command::push"

type engine struct {
	pulumirpc.EngineClient
	mu   sync.Mutex
	said []string
}

func (e *engine) Log(_ context.Context, r *pulumirpc.LogRequest, _ ...grpc.CallOption) (*emptypb.Empty, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.said = append(e.said, r.Message)
	return &emptypb.Empty{}, nil
}

func newProvider(t *testing.T) (*provider, *engine) {
	t.Helper()
	t.Setenv("SSH_AUTH_SOCK", "")
	e := &engine{}
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	return &provider{engine: e, dialing: ctx, giveUp: cancel}, e
}

func (s *sshServer) inputs(more map[string]any) map[string]any {
	in := map[string]any{
		"connection": map[string]any{
			"host": "127.0.0.1", "port": s.port, "user": "root", "hostKey": s.hostKey, "privateKey": s.privateKey,
			"dialErrorLimit": 1, "perDialTimeout": 1,
		},
		"create": "apply", "logging": "none",
	}
	for k, v := range more {
		if c, ok := v.(map[string]any); ok && k == "connection" {
			for k, v := range c {
				in["connection"].(map[string]any)[k] = v
			}
			continue
		}
		in[k] = v
	}
	return in
}

func pack(t *testing.T, m map[string]any) *structpb.Struct {
	t.Helper()
	s, err := marshal(resource.NewPropertyMapFromMap(m))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func create(t *testing.T, p *provider, in map[string]any) (resource.PropertyMap, error) {
	t.Helper()
	r, err := p.Create(context.Background(), &pulumirpc.CreateRequest{Urn: urn, Properties: pack(t, in)})
	if err != nil {
		return nil, err
	}
	if !strings.HasPrefix(r.Id, "push") || len(r.Id) != len("push")+8 {
		t.Errorf("id must be the name and 8 hex digits, got %q", r.Id)
	}
	m, err := unmarshal(r.Properties)
	return m, err
}

func TestCreateKeepsOutputs(t *testing.T) {
	s := startServer(t)
	p, e := newProvider(t)
	out, err := create(t, p, s.inputs(map[string]any{"stdin": "desired state", "logging": "stdout"}))
	if err != nil {
		t.Fatal(err)
	}
	if got := out["stdout"].StringValue(); got != "desired state\n" {
		t.Errorf("stdout must lose one newline of two, got %q", got)
	}
	if got := out["stderr"].StringValue(); got != "said on stderr" {
		t.Errorf("stderr must be kept, got %q", got)
	}
	if got := strings.Join(e.said, "|"); got != "desired state" {
		t.Errorf("only stdout must be shown, got %q", got)
	}
}

func TestStepsWithoutACommandRunNothing(t *testing.T) {
	s := startServer(t)
	p, _ := newProvider(t)
	state := pack(t, s.inputs(nil))
	if _, err := p.Delete(context.Background(), &pulumirpc.DeleteRequest{Urn: urn, Properties: state}); err != nil {
		t.Fatal(err)
	}
	if len(s.ran) != 0 {
		t.Errorf("a delete without a command must run nothing, got %q", <-s.ran)
	}
	_, err := p.Update(context.Background(), &pulumirpc.UpdateRequest{Urn: urn, Olds: state, News: state})
	if err != nil || <-s.ran != "apply" {
		t.Errorf("an update without a command must run create, got %v", err)
	}
}

func TestPreviewConnectsNowhere(t *testing.T) {
	p, _ := newProvider(t)
	in := (&sshServer{port: 1}).inputs(nil)
	r, err := p.Create(context.Background(), &pulumirpc.CreateRequest{Urn: urn, Properties: pack(t, in), Preview: true})
	if err != nil || r.Id != "" {
		t.Fatalf("a preview must give no id and no error, got %q, %v", r.Id, err)
	}
	out, err := unmarshal(r.Properties)
	if err != nil || !out["stdout"].IsComputed() {
		t.Errorf("stdout must be unknown, got %v, %v", out["stdout"], err)
	}
}

func TestFailures(t *testing.T) {
	s := startServer(t)
	_, stranger := newKey(t)
	other, _ := newKey(t)
	silent, err := net.Listen("tcp", "127.0.0.1:0") // accepts and says nothing, like a stopped sshd
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	free.Close()
	connection := func(k string, v any) map[string]any { return map[string]any{"connection": map[string]any{k: v}} }
	for name, c := range map[string]struct {
		more map[string]any
		want string
	}{
		"exit status": {map[string]any{"create": "exit 3"},
			"Process exited with status 3: running \"exit 3\":\n\n\nsaid on stderr"},
		"wrong key":      {connection("privateKey", stranger), "after 1 failed attempts: ssh: handshake failed: ssh: unable to authenticate"},
		"bad key":        {connection("privateKey", "SECRET"), "ssh: no key found"},
		"wrong host key": {connection("hostKey", authorized(other)), "ssh: host key mismatch"},
		"bad host key":   {connection("hostKey", "nonsense"), "failed to parse host key"},
		"nobody there":   {connection("port", free.Addr().(*net.TCPAddr).Port), "connection refused"},
		"nobody answers": {connection("port", silent.Addr().(*net.TCPAddr).Port), "i/o timeout"},
		"environment":    {map[string]any{"environment": map[string]any{"A": "b"}}, "AcceptEnv"},
	} {
		t.Run(name, func(t *testing.T) {
			p, _ := newProvider(t)
			in := s.inputs(c.more)
			began := time.Now()
			_, err := create(t, p, in)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("must fail with %q, got %v", c.want, err)
			}
			if strings.Contains(fmt.Sprint(err), "PRIVATE KEY") || strings.Contains(fmt.Sprint(err), "SECRET") {
				t.Errorf("must not show a key, got %v", err)
			}
			if time.Since(began) > 5*time.Second {
				t.Errorf("must be bounded, took %s", time.Since(began))
			}
		})
	}
}

func TestProxyIsDialedFirstAndPinnedToo(t *testing.T) {
	host, jump := startServer(t), startServer(t)
	p, _ := newProvider(t)
	through := func(key string) map[string]any {
		return map[string]any{"connection": map[string]any{"proxy": map[string]any{
			"host": "127.0.0.1", "port": jump.port, "hostKey": key, "privateKey": jump.privateKey, "dialErrorLimit": 0,
		}}}
	}
	if _, err := create(t, p, host.inputs(through(jump.hostKey))); err != nil {
		t.Fatal(err)
	}
	if got := <-jump.ran; got != "forward" {
		t.Errorf("the jump host must only forward, got %q", got)
	}
	if got := <-host.ran; got != "apply" {
		t.Errorf("the host must run the command, got %q", got)
	}
	if _, err := create(t, p, host.inputs(through(host.hostKey))); err == nil || !strings.Contains(err.Error(), "proxy: ") {
		t.Errorf("another host key of the jump host must be refused, got %v", err)
	}
}

func TestCancelEndsTheTries(t *testing.T) {
	p, _ := newProvider(t)
	time.AfterFunc(50*time.Millisecond, p.giveUp)
	in := (&sshServer{port: 1}).inputs(map[string]any{"connection": map[string]any{"dialErrorLimit": -1}})
	delete(in["connection"].(map[string]any), "hostKey")
	delete(in["connection"].(map[string]any), "privateKey")
	if _, err := create(t, p, in); err != context.Canceled {
		t.Errorf("must be canceled, got %v", err)
	}
}

func TestCheckHidesTheConnection(t *testing.T) {
	p, _ := newProvider(t)
	in := (&sshServer{privateKey: "SECRET"}).inputs(nil)
	r, err := p.Check(context.Background(), &pulumirpc.CheckRequest{Urn: urn, News: pack(t, in)})
	if err != nil || len(r.Failures) != 0 {
		t.Fatalf("must pass, got %v, %v", r.GetFailures(), err)
	}
	out, err := unmarshal(r.Inputs)
	if err != nil {
		t.Fatal(err)
	}
	c := out["connection"]
	if !c.IsSecret() || !c.SecretValue().Element.ObjectValue()["privateKey"].IsSecret() {
		t.Errorf("connection and privateKey must be secret, got %v", c)
	}
	read, err := p.Read(context.Background(), &pulumirpc.ReadRequest{Urn: urn, Id: "x", Properties: pack(t, in), Inputs: pack(t, in)})
	if err != nil {
		t.Fatal(err)
	}
	again, err := unmarshal(read.Inputs)
	if err != nil || !again["connection"].IsSecret() {
		t.Errorf("Read must mark as Check does, got %v, %v", again["connection"], err)
	}
}

func TestCheckRefuses(t *testing.T) {
	p, _ := newProvider(t)
	for _, c := range []struct {
		urn  string
		more map[string]any
		want string
	}{
		{urn, map[string]any{"logging": "all"}, "must be stdout, stderr, stdoutAndStderr or none, got 'all'"},
		{urn, map[string]any{"create": []any{"a"}}, "must be a string, got a array"},
		{urn, map[string]any{"connection": map[string]any{"privateKey": []any{"SECRET"}}}, "must be a string, got a array"},
		{urn, map[string]any{"connection": map[string]any{"password": "SECRET"}}, "only the official plugin has it"},
		{"urn:pulumi:s::p::command:local:Command::x", nil, "must be 'command:remote:Command', got 'command:local:Command'"},
	} {
		in := pack(t, (&sshServer{}).inputs(c.more))
		r, err := p.Check(context.Background(), &pulumirpc.CheckRequest{Urn: c.urn, News: in})
		if err != nil {
			t.Fatal(err)
		}
		got := fmt.Sprint(r.Failures)
		if !strings.Contains(got, c.want) || strings.Contains(got, "SECRET") {
			t.Errorf("%v must fail with %q and no value, got %q", c.more, c.want, got)
		}
	}
}

func TestDiff(t *testing.T) {
	p, _ := newProvider(t)
	old := (&sshServer{privateKey: "k"}).inputs(map[string]any{"stdin": "a", "triggers": []any{"1"}})
	for _, c := range []struct {
		more map[string]any
		want string
	}{
		{nil, "DIFF_NONE [] []"},
		{map[string]any{"stdin": "b"}, "DIFF_SOME [stdin] []"},
		{map[string]any{"triggers": []any{"2"}}, "DIFF_SOME [triggers] [triggers]"},
	} {
		more := map[string]any{"stdin": "a", "triggers": []any{"1"}}
		for k, v := range c.more {
			more[k] = v
		}
		news := resource.NewPropertyMapFromMap((&sshServer{privateKey: "k"}).inputs(more))
		hideConnection(news) // marks alone are no change
		packed, err := marshal(news)
		if err != nil {
			t.Fatal(err)
		}
		r, err := p.Diff(context.Background(), &pulumirpc.DiffRequest{Urn: urn, OldInputs: pack(t, old), News: packed})
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(r.Changes, " ", r.Diffs, " ", r.Replaces); got != c.want {
			t.Errorf("%v must be %q, got %q", c.more, c.want, got)
		}
	}
}
