package main

import (
	_ "embed"
	"fmt"
	"regexp"
	"strings"
)

// npmTokens holds the tokens of the npm package, one a line.
//
//go:embed tokens.txt
var npmTokens string

// Terraform names (data sources begin with "get ") whose token no rule gives; the misspellings are the npm package's.
var oddTokens = map[string]string{
	"openstack_blockstorage_quotaset_v2":                   "blockstorage/QuoteSetV2",
	"openstack_blockstorage_quotaset_v3":                   "blockstorage/QuoteSetV3",
	"openstack_objectstorage_object_v1":                    "objectstorage/ContainerObject",
	"get openstack_fw_group_v2":                            "index/getFwGroupV2",
	"get openstack_fw_policy_v2":                           "index/getFwPolicyV2",
	"get openstack_fw_rule_v2":                             "index/getFwRuleV2",
	"get openstack_sharedfilesystem_availability_zones_v2": "sharedfilesystem/getAvailbilityZones",
}

var moduleNames = map[string]string{"db": "database", "lb": "loadbalancer", "fw": "firewall"}

var terraformName = regexp.MustCompile(`^(get )?openstack_([a-z]+)_(.+?)(_v\d+)?$`)

// newNamer returns a function from a Terraform name to its token among known, or to "" where there is none. It panics
// when two names claim one token, since one resource would then be managed as another.
func newNamer(known string) func(string) string {
	index, claimed := map[string]string{}, map[string]string{}
	for _, t := range strings.Fields(known) {
		index[strings.ToLower(strings.Split(t, ":")[1])] = t
	}
	return func(name string) string {
		for _, candidate := range candidates(name) {
			t := index[strings.ToLower(candidate)]
			if t == "" {
				continue
			}
			if other := claimed[t]; other != "" {
				panic(fmt.Sprintf("%s and %s are both %s", other, name, t))
			}
			claimed[t] = name
			return t
		}
		return ""
	}
}

// candidates are the module/Name forms that a name may have, the best first: openstack_lb_pool_v1 is PoolV1, but
// openstack_lb_pool_v2 is Pool.
func candidates(name string) []string {
	if odd := oddTokens[name]; odd != "" {
		return []string{odd}
	}
	m := terraformName.FindStringSubmatch(name)
	if m == nil {
		return nil
	}
	module := m[2]
	if s, ok := moduleNames[module]; ok {
		module = s
	}
	prefix := module + "/" + strings.TrimSpace(m[1])
	rest, ver := strings.ReplaceAll(m[3], "_", ""), strings.TrimPrefix(m[4], "_")
	return []string{prefix + rest + ver, prefix + rest, prefix + m[2] + rest}
}
