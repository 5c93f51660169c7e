package main

import (
	"context"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/structpb"
)

type provider struct {
	pulumirpc.UnimplementedResourceProviderServer
	engine  pulumirpc.EngineClient
	dialing context.Context // ends when the engine cancels; a running command does not (see Cancel)
	giveUp  func()
}

func (p *provider) GetPluginInfo(context.Context, *emptypb.Empty) (*pulumirpc.PluginInfo, error) {
	return &pulumirpc.PluginInfo{Version: version}, nil
}

func (p *provider) Handshake(
	context.Context, *pulumirpc.ProviderHandshakeRequest,
) (*pulumirpc.ProviderHandshakeResponse, error) {
	return &pulumirpc.ProviderHandshakeResponse{}, nil
}

func (p *provider) GetSchema(context.Context, *pulumirpc.GetSchemaRequest) (*pulumirpc.GetSchemaResponse, error) {
	return &pulumirpc.GetSchemaResponse{Schema: `{"name":"command","version":"` + version + `"}`}, nil
}

func (p *provider) CheckConfig(_ context.Context, r *pulumirpc.CheckRequest) (*pulumirpc.CheckResponse, error) {
	return &pulumirpc.CheckResponse{Inputs: r.News}, nil
}

func (p *provider) DiffConfig(context.Context, *pulumirpc.DiffRequest) (*pulumirpc.DiffResponse, error) {
	return &pulumirpc.DiffResponse{Changes: pulumirpc.DiffResponse_DIFF_NONE}, nil
}

func (p *provider) Configure(context.Context, *pulumirpc.ConfigureRequest) (*pulumirpc.ConfigureResponse, error) {
	return &pulumirpc.ConfigureResponse{SupportsPreview: true, AcceptSecrets: true}, nil
}

// Cancel ends the tries to connect, but no running command: closing its connection would lose the resource's result
// while the process on the host may go on.
func (p *provider) Cancel(context.Context, *emptypb.Empty) (*emptypb.Empty, error) {
	p.giveUp()
	return &emptypb.Empty{}, nil
}

func (p *provider) Check(_ context.Context, r *pulumirpc.CheckRequest) (*pulumirpc.CheckResponse, error) {
	inputs, err := unmarshal(r.News)
	if err != nil {
		return nil, err
	}
	hideConnection(inputs)
	marshalled, err := marshal(inputs)
	if err != nil {
		return nil, err
	}
	return &pulumirpc.CheckResponse{Inputs: marshalled, Failures: checkInputs(r.Urn, inputs)}, nil
}

// Diff compares without secret marks. A changed trigger replaces, any other change is an update.
func (p *provider) Diff(_ context.Context, r *pulumirpc.DiffRequest) (*pulumirpc.DiffResponse, error) {
	olds, err := unmarshal(r.OldInputs)
	if err != nil {
		return nil, err
	}
	news, err := unmarshal(r.News)
	if err != nil {
		return nil, err
	}
	res := &pulumirpc.DiffResponse{
		Changes:         pulumirpc.DiffResponse_DIFF_NONE,
		DetailedDiff:    map[string]*pulumirpc.PropertyDiff{},
		HasDetailedDiff: true,
	}
	diff := bareMap(olds).Diff(bareMap(news))
	if diff == nil {
		return res, nil
	}
	res.Changes = pulumirpc.DiffResponse_DIFF_SOME
	for _, k := range diff.ChangedKeys() {
		res.Diffs = append(res.Diffs, string(k))
		if k == "triggers" {
			res.Replaces = append(res.Replaces, string(k))
		}
	}
	for path, d := range plugin.NewDetailedDiffFromObjectDiff(diff, true) {
		kind := d.Kind
		if path == "triggers" || strings.HasPrefix(path, "triggers[") {
			kind = kind.AsReplace()
		}
		res.DetailedDiff[path] = &pulumirpc.PropertyDiff{Kind: pulumirpc.PropertyDiff_Kind(kind), InputDiff: true}
	}
	return res, nil
}

func (p *provider) Create(_ context.Context, r *pulumirpc.CreateRequest) (*pulumirpc.CreateResponse, error) {
	state, err := p.run(r.Urn, "create", r.Properties, nil, r.Preview)
	if err != nil || r.Preview {
		return &pulumirpc.CreateResponse{Properties: state}, err
	}
	id, err := resource.NewUniqueHex(resource.URN(r.Urn).Name(), 8, 0)
	return &pulumirpc.CreateResponse{Id: id, Properties: state}, err
}

func (p *provider) Update(_ context.Context, r *pulumirpc.UpdateRequest) (*pulumirpc.UpdateResponse, error) {
	state, err := p.run(r.Urn, "update", r.News, r.Olds, r.Preview)
	return &pulumirpc.UpdateResponse{Properties: state}, err
}

func (p *provider) Delete(_ context.Context, r *pulumirpc.DeleteRequest) (*emptypb.Empty, error) {
	_, err := p.run(r.Urn, "delete", r.Properties, r.Properties, false)
	return &emptypb.Empty{}, err
}

// Read believes the state: nothing on a host tells whether a command was run. It marks secrets as Check does, so
// that a state written by another version of the plugin shows no difference.
func (p *provider) Read(_ context.Context, r *pulumirpc.ReadRequest) (*pulumirpc.ReadResponse, error) {
	properties, err := hidden(r.Properties)
	if err != nil {
		return nil, err
	}
	inputs, err := hidden(r.Inputs)
	return &pulumirpc.ReadResponse{Id: r.Id, Properties: properties, Inputs: inputs}, err
}

func hidden(s *structpb.Struct) (*structpb.Struct, error) {
	m, err := unmarshal(s)
	if err != nil {
		return nil, err
	}
	hideConnection(m)
	return marshal(m)
}

// run does one step (create, update or delete) of a resource; the answer is its new state.
func (p *provider) run(urn, step string, inputs, state *structpb.Struct, preview bool) (*structpb.Struct, error) {
	in, err := unmarshal(inputs)
	if err != nil {
		return nil, err
	}
	was, err := unmarshal(state)
	if err != nil {
		return nil, err
	}
	out := in.Copy()
	if preview {
		out["stdout"] = resource.MakeComputed(resource.NewProperty(""))
		out["stderr"] = resource.MakeComputed(resource.NewProperty(""))
		return marshal(out)
	}
	c := &command{}
	if err := decode(in, c); err != nil {
		return nil, err
	}
	result, err := c.run(p.dialing, reporter{p.engine, urn}, step, previous(bareMap(was)))
	if err != nil {
		return nil, err
	}
	out["stdout"] = resource.NewProperty(result.stdout)
	out["stderr"] = resource.NewProperty(result.stderr)
	return marshal(out)
}

func previous(state resource.PropertyMap) (o outputs) {
	if v := state["stdout"]; v.IsString() {
		o.stdout = v.StringValue()
	}
	if v := state["stderr"]; v.IsString() {
		o.stderr = v.StringValue()
	}
	return o
}
