package main

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/types/known/structpb"
)

func TestOptions(t *testing.T) {
	for _, c := range []struct {
		options map[string]any
		want    string // part of the environment, node's arguments or the error
	}{
		{map[string]any{}, "PULUMI_NODEJS_TYPESCRIPT=true"},
		{map[string]any{"tsconfig": "tsconfig.run.json"}, "PULUMI_NODEJS_TSCONFIG_PATH=tsconfig.run.json"},
		{map[string]any{"nodeargs": "-r 'a b'"}, "-r|a b"},
		{map[string]any{"typescript": "yes"}, "typescript option must be a boolean, got yes"},
		{map[string]any{"nodeargs": true}, "nodeargs option must be a string, got true"},
		{map[string]any{"nodeargs": "'open"}, "nodeargs option must be words for node"},
		{map[string]any{"packagemanager": "make"}, `must be one of auto, npm, yarn, pnpm or bun, got "make"`},
	} {
		s, err := structpb.NewStruct(c.options)
		if err != nil {
			t.Fatal(err)
		}
		o, err := parseOptions(s)
		got := strings.Join(append(o.env, o.nodeArgs...), "|")
		if err != nil {
			got = err.Error()
		}
		if !strings.Contains(got, c.want) {
			t.Errorf("%v must give %q, got %q", c.options, c.want, got)
		}
	}
	s, _ := structpb.NewStruct(map[string]any{"typescript": false})
	if o, err := parseOptions(s); err != nil || len(o.env) != 0 {
		t.Errorf("typescript: false must add nothing, got %v, %v", o.env, err)
	}
}

func write(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

func TestRequiredPackages(t *testing.T) {
	dir := t.TempDir()
	modules := filepath.Join(dir, "node_modules")
	write(t, modules+"/@pulumi/command/package.json",
		`{"name":"@pulumi/command","version":"v9","pulumi":{"resource":true,"name":"command","version":"1.2.1"}}`, 0o644)
	write(t, modules+"/@pulumi/openstack/package.json",
		`{"name":"@pulumi/openstack","version":"v3.15.2","pulumi":{"resource":true}}`, 0o644)
	write(t, modules+"/yaml/package.json", `{"name":"yaml","version":"2.0.0"}`, 0o644)
	write(t, modules+"/broken/package.json", `{`, 0o644)
	write(t, dir+"/package.json", `{"name":"self","version":"1.0.0","pulumi":{"resource":true}}`, 0o644)
	write(t, dir+"/policies/PulumiPolicy.yaml", "runtime: nodejs\n", 0o644)
	write(t, dir+"/policies/node_modules/other/package.json", `{"name":"other","pulumi":{"resource":true}}`, 0o644)
	if err := os.Symlink(dir, modules+"/circle"); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range requiredPackages(dir) {
		got = append(got, p.Kind+" "+p.Name+" "+p.Version)
	}
	slices.Sort(got)
	if want := "resource command v1.2.1, resource openstack v3.15.2"; strings.Join(got, ", ") != want {
		t.Errorf("must be %s, got %s", want, strings.Join(got, ", "))
	}
}

// runProgram runs a program under a stand-in for node, which is a shell script.
func runProgram(t *testing.T, node string) (*pulumirpc.RunResponse, string) {
	t.Helper()
	dir := t.TempDir()
	write(t, dir+"/node_modules/@pulumi/pulumi/cmd/run/index.js", "", 0o644)
	write(t, dir+"/bin/node", "#!/bin/sh\n"+node+"\n", 0o755)
	t.Setenv("PATH", dir+"/bin:"+os.Getenv("PATH"))
	t.Setenv("SEEN", dir+"/seen")
	h := &host{engine: "127.0.0.1:1", ctx: context.Background()}
	res, err := h.Run(context.Background(), &pulumirpc.RunRequest{
		Project: "p", Stack: "s", Parallel: 7, DryRun: true, MonitorAddress: "127.0.0.1:2",
		Config: map[string]string{"cinder-dr:topology": "{}"},
		Info:   &pulumirpc.ProgramInfo{ProgramDirectory: dir, RootDirectory: dir, EntryPoint: "."},
	})
	if err != nil {
		t.Fatal(err)
	}
	seen, _ := os.ReadFile(dir + "/seen")
	return res, string(seen)
}

func TestRunPassesTheStack(t *testing.T) {
	res, seen := runProgram(t, `echo "$@ $PULUMI_CONFIG $PULUMI_CONFIG_SECRET_KEYS" > "$SEEN"`)
	if res.Error != "" || res.Bail {
		t.Errorf("must succeed, got %v", res)
	}
	for _, want := range []string{
		"--monitor 127.0.0.1:2 --engine 127.0.0.1:1 --project p", "--stack s", "--dry-run --parallel 7 .",
		`{"cinder-dr:config:topology":"{}"} []`,
	} {
		if !strings.Contains(seen, want) {
			t.Errorf("node must be given %q, got %q", want, seen)
		}
	}
}

func TestRunExits(t *testing.T) {
	if res, _ := runProgram(t, "exit 32"); !res.Bail || res.Error != "" {
		t.Errorf("exit 32 must bail without a second message, got %v", res)
	}
	if res, _ := runProgram(t, "exit 3"); res.Error != "Program exited with non-zero exit code: 3" {
		t.Errorf("exit 3 must be named, got %v", res)
	}
}

func TestRunWithoutTheSDK(t *testing.T) {
	h := &host{ctx: context.Background()}
	res, err := h.Run(context.Background(), &pulumirpc.RunRequest{Info: &pulumirpc.ProgramInfo{ProgramDirectory: "/"}})
	if err != nil || !strings.Contains(res.Error, "npm ci") {
		t.Errorf("must say what to run, got %v, %v", res, err)
	}
}

func TestPolicyConfigStaysUnset(t *testing.T) {
	env, err := stackEnv(&pulumirpc.AnalyzerStackConfigureRequest{Stack: "s"})
	if err != nil || strings.Contains(strings.Join(env, " "), "PULUMI_CONFIG") {
		t.Errorf("no config must leave PULUMI_CONFIG unset, got %v, %v", env, err)
	}
}
