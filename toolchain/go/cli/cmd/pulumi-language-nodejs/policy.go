package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"strconv"

	"github.com/pulumi/pulumi/sdk/v3"
	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

// RunPlugin runs a policy pack. The engine asks the language host for other kinds of Node.js plugins too; this
// project has none.
func (h *host) RunPlugin(r *pulumirpc.RunPluginRequest, s pulumirpc.LanguageRuntime_RunPluginServer) error {
	if r.Kind != "analyzer" {
		return fmt.Errorf("plugin kind must be 'analyzer', got '%s': the official pulumi-language-nodejs runs other kinds",
			r.Kind)
	}
	ctx, dir := s.Context(), r.Info.ProgramDirectory
	_, stdout, stderr, err := rpcutil.MakeRunPluginStreams(s, false)
	if err != nil {
		return err
	}
	opts, err := parseOptions(r.Info.Options)
	if err != nil {
		return err
	}
	node, err := findNode()
	if err != nil {
		return err
	}
	script, err := findModule("@pulumi/pulumi/cmd/run-policy-pack", dir)
	if err != nil {
		return err
	}
	// The proxy stands before the pack's own server, because the stack's config comes only after the start.
	proxy, stdout, err := sdk.NewPolicyProxy(ctx, stdout)
	if err != nil {
		return err
	}
	stack, err := proxy.AwaitConfiguration(ctx)
	if err != nil {
		return err
	}
	env, err := stackEnv(stack)
	if err != nil {
		return err
	}
	args := append(append([]string{}, opts.nodeArgs...), script)
	cmd := exec.CommandContext(ctx, node, append(append(args, r.Args...), dir)...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, stdout, stderr
	cmd.Env = append(append(append([]string{}, r.Env...), opts.env...), env...)
	if err := cmd.Start(); err != nil {
		return err
	}
	err = proxy.Attach(ctx, cmd)
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return fmt.Errorf("Program exited with non-zero exit code: %d", exit.ExitCode())
	}
	return err
}

// stackEnv tells a policy pack about its stack. A config of nil must stay unset: the pack would read the text "null".
func stackEnv(stack *pulumirpc.AnalyzerStackConfigureRequest) ([]string, error) {
	if stack == nil {
		return nil, nil
	}
	var values []byte
	if stack.Config != nil {
		var err error
		if values, err = json.Marshal(stack.Config); err != nil {
			return nil, err
		}
	}
	var env []string
	for _, v := range [][2]string{
		{"PULUMI_NODEJS_ORGANIZATION", stack.Organization},
		{"PULUMI_NODEJS_PROJECT", stack.Project},
		{"PULUMI_NODEJS_STACK", stack.Stack},
		{"PULUMI_NODEJS_DRY_RUN", strconv.FormatBool(stack.DryRun)},
		{"PULUMI_CONFIG", string(values)},
	} {
		if v[1] != "" {
			env = append(env, v[0]+"="+v[1])
		}
	}
	return env, nil
}
