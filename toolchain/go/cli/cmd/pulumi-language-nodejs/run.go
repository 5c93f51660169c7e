package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/config"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

// The Node.js SDK exits with 32 when it has already told the user, through the engine, why the program failed.
const exitAlreadyReported = 32

// How long an interrupted program may take to end before it is killed.
const interruptGrace = 5 * time.Second

func (h *host) Run(ctx context.Context, r *pulumirpc.RunRequest) (*pulumirpc.RunResponse, error) {
	cmd, done, err := h.program(ctx, r)
	if err != nil {
		return &pulumirpc.RunResponse{Error: err.Error()}, nil
	}
	defer done()
	err = cmd.Run()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return &pulumirpc.RunResponse{}, nil
	case errors.As(err, &exit) && exit.ExitCode() == exitAlreadyReported:
		return &pulumirpc.RunResponse{Bail: true}, nil
	case errors.As(err, &exit):
		return &pulumirpc.RunResponse{Error: fmt.Sprintf("Program exited with non-zero exit code: %d", exit.ExitCode())}, nil
	}
	return &pulumirpc.RunResponse{Error: fmt.Sprintf("Problem executing program (could not run language executor): %v", err)}, nil
}

// program is the command that runs the request's program; done releases what it holds.
func (h *host) program(ctx context.Context, r *pulumirpc.RunRequest) (_ *exec.Cmd, done func(), _ error) {
	opts, err := parseOptions(r.Info.Options)
	if err != nil {
		return nil, nil, err
	}
	node, err := findNode()
	if err != nil {
		return nil, nil, err
	}
	script, err := findModule("@pulumi/pulumi/cmd/run", r.Info.ProgramDirectory)
	if err != nil {
		return nil, nil, err
	}
	env, err := configEnv(r)
	if err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	context.AfterFunc(h.ctx, cancel)
	cmd := exec.CommandContext(ctx, node, append(opts.nodeArgs, h.runArgs(script, r)...)...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = interruptGrace
	cmd.Env = append(append(os.Environ(), env...), opts.env...)
	// node may make its standard streams non-blocking; wrapped, it gets pipes instead of our own descriptors.
	cmd.Stdout, cmd.Stderr = struct{ io.Writer }{os.Stdout}, struct{ io.Writer }{os.Stderr}
	return cmd, cancel, nil
}

func (h *host) runArgs(script string, r *pulumirpc.RunRequest) []string {
	args := []string{script}
	for _, flag := range [][2]string{
		{"monitor", r.MonitorAddress}, {"engine", h.engine}, {"organization", r.Organization},
		{"project", r.Project}, {"root-directory", r.Info.RootDirectory}, {"stack", r.Stack},
		{"pwd", r.Info.ProgramDirectory},
	} {
		if flag[1] != "" {
			args = append(args, "--"+flag[0], flag[1])
		}
	}
	if r.DryRun {
		args = append(args, "--dry-run")
	}
	args = append(args, "--parallel", strconv.Itoa(int(r.Parallel)), r.Info.EntryPoint)
	return append(args, r.Args...)
}

// configEnv is the stack's config as the Node.js SDK reads it: keys as namespace:config:name.
func configEnv(r *pulumirpc.RunRequest) ([]string, error) {
	values := make(map[string]string, len(r.Config))
	for k, v := range r.Config {
		key, err := config.ParseKey(k)
		if err != nil {
			return nil, err
		}
		values[key.Namespace()+":config:"+key.Name()] = v
	}
	valuesJSON, err := json.Marshal(values)
	if err != nil {
		return nil, err
	}
	secretsJSON, err := json.Marshal(append([]string{}, r.ConfigSecretKeys...)) // the SDK wants [], not null
	if err != nil {
		return nil, err
	}
	return []string{"PULUMI_CONFIG=" + string(valuesJSON), "PULUMI_CONFIG_SECRET_KEYS=" + string(secretsJSON)}, nil
}

// findModule resolves a folder of @pulumi/pulumi as node would from dir; asking node costs 0.2 s at every start.
func findModule(module, dir string) (string, error) {
	for d := dir; ; d = filepath.Dir(d) {
		p := filepath.Join(d, "node_modules", module, "index.js")
		if _, err := os.Stat(p); err == nil {
			return filepath.EvalSymlinks(p)
		}
		if d == filepath.Dir(d) {
			return "", fmt.Errorf("it looks like the Pulumi SDK has not been installed for %s. Have you run npm ci?", dir)
		}
	}
}
