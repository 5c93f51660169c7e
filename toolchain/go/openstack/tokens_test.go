package main

import (
	"strings"
	"testing"
)

func TestEveryTokenOfTheNpmPackageIsMapped(t *testing.T) {
	p := provider()
	mapped := map[string]bool{}
	for _, r := range p.Resources {
		mapped[string(r.Tok)] = true
	}
	for _, d := range p.DataSources {
		mapped[string(d.Tok)] = true
	}
	for _, token := range strings.Fields(npmTokens) {
		if !mapped[token] {
			t.Errorf("no Terraform name is mapped to %s", token)
		}
	}
}

func TestNames(t *testing.T) {
	for name, want := range map[string]string{
		"openstack_blockstorage_volume_type_v3":        "openstack:blockstorage/volumeTypeV3:VolumeTypeV3",
		"openstack_blockstorage_volume_type_access_v3": "openstack:blockstorage/volumeTypeAccessV3:VolumeTypeAccessV3",
		"openstack_blockstorage_quotaset_v3":           "openstack:blockstorage/quoteSetV3:QuoteSetV3",
		"openstack_lb_pool_v1":                         "openstack:loadbalancer/poolV1:PoolV1",
		"openstack_lb_pool_v2":                         "openstack:loadbalancer/pool:Pool",
		"get openstack_identity_project_v3":            "openstack:identity/getProject:getProject",
		"openstack_made_up_v9":                         "",
		"aws_instance":                                 "",
	} {
		if got := newNamer(npmTokens)(name); got != want {
			t.Errorf("%s must be %q, got %q", name, want, got)
		}
	}
}

func TestTwoNamesForOneTokenPanic(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("two names for one token must panic")
		}
	}()
	name := newNamer("openstack:blockstorage/volumeV3:VolumeV3")
	name("openstack_blockstorage_volume_v3")
	name("openstack_blockstorage_volume_v3")
}
