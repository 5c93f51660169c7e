// pulumi-resource-openstack is the OpenStack Terraform provider, bridged, with the resource types of @pulumi/openstack.
//
// It stands in for Pulumi's own plugin of the same name, which is published as a binary but not as a Go module. The
// official one is preferred wherever it can be had; states are interchangeable between the two. It carries an empty
// schema: up, preview, refresh, destroy and import need none, only code generation would.
package main

import "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"

func main() { tfbridge.Main("openstack", version, provider(), []byte("{}")) }
