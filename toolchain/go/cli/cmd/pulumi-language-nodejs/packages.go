package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil"
	"github.com/pulumi/pulumi/sdk/v3/go/common/workspace"
	"github.com/pulumi/pulumi/sdk/v3/nodejs/npm"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

type manifest struct {
	Name    string                  `json:"name"`
	Version string                  `json:"version"`
	Pulumi  plugin.PulumiPluginJSON `json:"pulumi"`
}

// GetRequiredPackages tells the engine which resource plugins the installed npm packages need.
func (h *host) GetRequiredPackages(
	_ context.Context, r *pulumirpc.GetRequiredPackagesRequest,
) (*pulumirpc.GetRequiredPackagesResponse, error) {
	return &pulumirpc.GetRequiredPackagesResponse{Packages: requiredPackages(r.Info.ProgramDirectory)}, nil
}

func requiredPackages(program string) (found []*pulumirpc.PackageDependency) {
	seen := map[string]bool{} // npm links may form a circle
	var walk func(dir string, installed bool)
	walk = func(dir string, installed bool) {
		real, err := filepath.EvalSymlinks(dir)
		if err != nil || seen[real] {
			return
		}
		seen[real] = true
		entries, _ := os.ReadDir(real)
		for _, e := range entries {
			p := filepath.Join(real, e.Name())
			if info, err := os.Stat(p); err == nil && info.IsDir() {
				// A policy pack in the project brings packages of its own, which the program does not use.
				if pack, _ := workspace.DetectPolicyPackPathAt(p); pack == "" {
					walk(p, installed || e.Name() == "node_modules")
				}
			} else if installed && e.Name() == "package.json" {
				if d := readManifest(p); d != nil {
					found = append(found, d)
				}
			}
		}
	}
	walk(program, false)
	return found
}

// readManifest is the plugin that a package.json asks for, or nil.
func readManifest(path string) *pulumirpc.PackageDependency {
	var m manifest
	if b, err := os.ReadFile(path); err != nil || json.Unmarshal(b, &m) != nil || !m.Pulumi.Resource {
		return nil
	}
	d := &pulumirpc.PackageDependency{
		Name: m.Pulumi.Name, Kind: "resource", Version: m.Pulumi.Version, Server: m.Pulumi.Server,
	}
	if d.Name == "" {
		d.Name = strings.TrimPrefix(m.Name, "@pulumi/")
	}
	if d.Version == "" {
		d.Version = m.Version
	}
	d.Version = "v" + strings.TrimPrefix(d.Version, "v") // packages write it either way; the engine wants one v
	return d
}

func (h *host) InstallDependencies(
	r *pulumirpc.InstallDependenciesRequest, s pulumirpc.LanguageRuntime_InstallDependenciesServer,
) error {
	done, stdout, stderr, err := rpcutil.MakeInstallDependenciesStreams(s, r.IsTerminal)
	if err != nil {
		return err
	}
	defer done.Close()
	opts, err := parseOptions(r.Info.Options)
	if err != nil {
		return err
	}
	dir := r.Info.ProgramDirectory
	if root, err := npm.FindWorkspaceRoot(dir); err == nil {
		dir = root
	}
	fmt.Fprint(stdout, "Installing dependencies...\n\n")
	if _, err := npm.Install(s.Context(), opts.packageManager, dir, opts.production, stdout, stderr); err != nil {
		return err
	}
	fmt.Fprint(stdout, "Finished installing dependencies\n\n")
	return done.Close()
}

func (h *host) GetProgramDependencies(
	ctx context.Context, r *pulumirpc.GetProgramDependenciesRequest,
) (*pulumirpc.GetProgramDependenciesResponse, error) {
	opts, err := parseOptions(r.Info.Options)
	if err != nil {
		return nil, err
	}
	dir := r.Info.ProgramDirectory
	manager, err := npm.ResolvePackageManager(opts.packageManager, dir)
	if err != nil {
		return nil, err
	}
	list, err := manager.ListPackages(ctx, dir, r.TransitiveDependencies)
	if err != nil {
		return nil, err
	}
	res := &pulumirpc.GetProgramDependenciesResponse{}
	for _, d := range list {
		res.Dependencies = append(res.Dependencies, &pulumirpc.DependencyInfo{Name: d.Name, Version: d.Version})
	}
	return res, nil
}
