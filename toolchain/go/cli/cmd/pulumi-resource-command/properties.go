package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/types/known/structpb"
)

var keepMarks = plugin.MarshalOptions{KeepUnknowns: true, KeepSecrets: true, SkipNulls: true}

func unmarshal(s *structpb.Struct) (resource.PropertyMap, error) {
	return plugin.UnmarshalProperties(s, keepMarks)
}

func marshal(m resource.PropertyMap) (*structpb.Struct, error) {
	return plugin.MarshalProperties(m, keepMarks)
}

// bare is v without its secret marks.
func bare(v resource.PropertyValue) resource.PropertyValue {
	switch {
	case v.IsSecret():
		return bare(v.SecretValue().Element)
	case v.IsOutput():
		if o := v.OutputValue(); o.Known {
			return bare(o.Element)
		}
		return resource.MakeComputed(resource.NewProperty(""))
	case v.IsArray():
		a := make([]resource.PropertyValue, len(v.ArrayValue()))
		for i, e := range v.ArrayValue() {
			a[i] = bare(e)
		}
		return resource.NewProperty(a)
	case v.IsObject():
		return resource.NewProperty(bareMap(v.ObjectValue()))
	}
	return v
}

func bareMap(m resource.PropertyMap) resource.PropertyMap {
	out := resource.PropertyMap{}
	for k, v := range m {
		out[k] = bare(v)
	}
	return out
}

// hideConnection marks a connection, and the keys in it, as secret, exactly as the official plugin does: another
// nesting of marks would show as a change, and every command would run again after a switch of plugins.
func hideConnection(m resource.PropertyMap) {
	c, ok := m["connection"]
	if !ok {
		return
	}
	if c = bare(c); c.IsObject() {
		for _, hop := range []resource.PropertyValue{c, c.ObjectValue()["proxy"]} {
			for _, k := range []resource.PropertyKey{"privateKey", "privateKeyPassword", "password"} {
				if hop.IsObject() && hop.ObjectValue().HasValue(k) {
					hop.ObjectValue()[k] = resource.MakeSecret(hop.ObjectValue()[k])
				}
			}
		}
	}
	m["connection"] = resource.MakeSecret(c)
}

// decode fills v from m. Its error names the field only: the official plugin prints the whole connection, private
// key included.
func decode(m resource.PropertyMap, v any) error {
	b, err := json.Marshal(bareMap(m).Mappable())
	if err != nil {
		return errors.New("inputs must be plain values")
	}
	err = json.Unmarshal(b, v)
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		return fmt.Errorf("%s must be a %s, got a %s", wrong.Field, wrong.Type, wrong.Value)
	}
	return err
}

func checkInputs(urn string, inputs resource.PropertyMap) []*pulumirpc.CheckFailure {
	if t := resource.URN(urn).Type(); t != "command:remote:Command" {
		return []*pulumirpc.CheckFailure{{
			Reason: fmt.Sprintf("type must be 'command:remote:Command', got '%s': the official plugin has the others", t),
		}}
	}
	plain := bareMap(inputs)
	// A password would otherwise be ignored in silence.
	if c := plain["connection"]; c.IsObject() && c.ObjectValue().HasValue("password") {
		return []*pulumirpc.CheckFailure{{
			Property: "connection.password",
			Reason:   "must be left out: only the official plugin has it",
		}}
	}
	if plain.ContainsUnknowns() {
		return nil
	}
	c := &command{}
	if err := decode(plain, c); err != nil {
		return []*pulumirpc.CheckFailure{{Reason: err.Error()}}
	}
	if !slices.Contains([]string{"", "stdout", "stderr", "stdoutAndStderr", "none"}, c.Logging) {
		return []*pulumirpc.CheckFailure{{
			Property: "logging",
			Reason:   fmt.Sprintf("must be stdout, stderr, stdoutAndStderr or none, got '%s'", c.Logging),
		}}
	}
	return nil
}
