package main

import (
	"fmt"

	"github.com/google/shlex"
	"github.com/pulumi/pulumi/sdk/v3/nodejs/npm"
	"google.golang.org/protobuf/types/known/structpb"
)

// options are the runtime options of a Pulumi.yaml or PulumiPolicy.yaml.
type options struct {
	env            []string // what they add to node's environment
	nodeArgs       []string
	packageManager npm.PackageManagerType
	production     bool
}

func parseOptions(s *structpb.Struct) (options, error) {
	o := options{packageManager: npm.AutoPackageManager}
	typescript := true
	for name, value := range s.AsMap() {
		var err error
		switch name {
		case "typescript":
			typescript, err = asBool(name, value)
		case "production":
			o.production, err = asBool(name, value)
		case "tsconfig", "nodeargs", "packagemanager":
			text, ok := value.(string)
			if !ok {
				return o, fmt.Errorf("%s option must be a string, got %v", name, value)
			}
			err = o.set(name, text)
		}
		if err != nil {
			return o, err
		}
	}
	if typescript {
		o.env = append(o.env, "PULUMI_NODEJS_TYPESCRIPT=true")
	}
	return o, nil
}

func (o *options) set(name, text string) (err error) {
	switch name {
	case "tsconfig":
		o.env = append(o.env, "PULUMI_NODEJS_TSCONFIG_PATH="+text)
	case "nodeargs":
		if o.nodeArgs, err = shlex.Split(text); err != nil {
			return fmt.Errorf("nodeargs option must be words for node, got %q: %w", text, err)
		}
	case "packagemanager":
		o.packageManager = npm.PackageManagerType(text)
		switch o.packageManager {
		case npm.AutoPackageManager, npm.NpmPackageManager, npm.YarnPackageManager, npm.PnpmPackageManager,
			npm.BunPackageManager:
		default:
			return fmt.Errorf("packagemanager option must be one of auto, npm, yarn, pnpm or bun, got %q", text)
		}
	}
	return nil
}

func asBool(name string, value any) (bool, error) {
	b, ok := value.(bool)
	if !ok {
		return false, fmt.Errorf("%s option must be a boolean, got %v", name, value)
	}
	return b, nil
}
