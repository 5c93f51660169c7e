package main

import (
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	shim "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim"
	sdkv2 "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim/sdk-v2"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	"github.com/terraform-provider-openstack/terraform-provider-openstack/openstack"
)

// version is that of the npm package whose types this plugin answers for; tokens.txt is taken from the same one.
const version = "3.15.2"

// The provider's config values whose default comes from the environment, as in the official plugin.
var configFromEnv = map[string]string{
	"allow_reauth":  "OS_ALLOW_REAUTH",
	"cloud":         "OS_CLOUD",
	"delayed_auth":  "OS_DELAYED_AUTH",
	"endpoint_type": "OS_ENDPOINT_TYPE",
	"insecure":      "OS_INSECURE",
	"region":        "OS_REGION_NAME",
	"swauth":        "OS_SWAUTH",
	"use_octavia":   "OS_USE_OCTAVIA",
}

func provider() tfbridge.ProviderInfo {
	p := tfbridge.ProviderInfo{
		P:           sdkv2.NewProvider(openstack.Provider()),
		Name:        "openstack",
		Version:     version,
		GitHubOrg:   "terraform-provider-openstack",
		Config:      map[string]*tfbridge.SchemaInfo{},
		Resources:   map[string]*tfbridge.ResourceInfo{},
		DataSources: map[string]*tfbridge.DataSourceInfo{},
	}
	for name, env := range configFromEnv {
		p.Config[name] = &tfbridge.SchemaInfo{Default: &tfbridge.DefaultInfo{EnvVars: []string{env}}}
	}
	token := newNamer(npmTokens)
	p.P.ResourcesMap().Range(func(name string, _ shim.Resource) bool {
		if t := token(name); t != "" {
			p.Resources[name] = &tfbridge.ResourceInfo{Tok: tokens.Type(t)}
		} else {
			p.IgnoreMappings = append(p.IgnoreMappings, name)
		}
		return true
	})
	p.P.DataSourcesMap().Range(func(name string, _ shim.Resource) bool {
		if t := token("get " + name); t != "" {
			p.DataSources[name] = &tfbridge.DataSourceInfo{Tok: tokens.ModuleMember(t)}
		} else {
			p.IgnoreMappings = append(p.IgnoreMappings, name)
		}
		return true
	})
	renameFields(p.Resources)
	p.SetAutonaming(255, "-")
	return p
}

// renameFields sets the few property names of the npm package that the bridge would not give by itself.
func renameFields(resources map[string]*tfbridge.ResourceInfo) {
	no := false
	resources["openstack_compute_servergroup_v2"].Fields = map[string]*tfbridge.SchemaInfo{
		"policies": {MaxItemsOne: &no},
	}
	resources["openstack_networking_subnet_v2"].Fields = map[string]*tfbridge.SchemaInfo{
		"allocation_pool":  {Name: "allocationPools"},
		"allocation_pools": {Name: "allocationPoolsCollection"},
	}
	resources["openstack_orchestration_stack_v1"].Fields = map[string]*tfbridge.SchemaInfo{
		"outputs": {Name: "StackOutputs"},
	}
}
