package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// told is what the run of peers says on the command line. Calls, asks, prompts and completions are lists of a name and what belongs to it.
type told struct {
	URL     string `json:"url"`
	Mode    string `json:"mode"` // legacy, or auto
	LimitMS int    `json:"limitMs"`
	Script  struct {
		Calls     [][]json.RawMessage `json:"calls"`
		Asks      [][]json.RawMessage `json:"asks"`
		Reads     int                 `json:"reads"`
		Prompts   [][]json.RawMessage `json:"prompts"`
		Completes [][]string          `json:"completes"`
	} `json:"script"`
}

type player struct {
	told     told
	client   *mcp.ClientSession
	steps    [][2]any
	mu       sync.Mutex         // of what handlers write
	progress map[any]*[]float64 // by token: the client may hand out the answer of a call before the last of its progress
	asked    []any
	fills    map[string]any
}

func session(text string) error {
	p := &player{progress: map[any]*[]float64{}}
	if err := json.Unmarshal([]byte(text), &p.told); err != nil {
		return err
	}
	if err := p.connect(); err != nil {
		return err
	}
	defer p.client.Close()
	resources := p.lists()
	p.calls()
	p.asks()
	for i, resource := range resources {
		if i < p.told.Script.Reads {
			step(p, "read "+resource.URI, p.client.ReadResource, &mcp.ReadResourceParams{URI: resource.URI})
		}
	}
	p.prompts()
	p.mu.Lock()
	defer p.mu.Unlock()
	return json.NewEncoder(os.Stdout).Encode(p.steps)
}

func (p *player) connect() error {
	client := mcp.NewClient(&mcp.Implementation{Name: "test", Version: "1"}, &mcp.ClientOptions{
		ElicitationHandler: func(_ context.Context, request *mcp.ElicitRequest) (*mcp.ElicitResult, error) {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.asked = append(p.asked, request.Params)
			return &mcp.ElicitResult{Action: "accept", Content: p.fills}, nil
		},
		ProgressNotificationHandler: func(_ context.Context, request *mcp.ProgressNotificationClientRequest) {
			p.mu.Lock()
			defer p.mu.Unlock()
			if told := p.progress[request.Params.ProgressToken]; told != nil {
				*told = append(*told, request.Params.Progress)
			}
		},
	})
	options := &mcp.ClientSessionOptions{}
	if p.told.Mode == "legacy" {
		options.ProtocolVersion = "2025-11-25"
	}
	ctx, cancel := p.limit()
	defer cancel()
	transport := &mcp.StreamableClientTransport{Endpoint: p.told.URL, MaxRetries: -1}
	connected, err := client.Connect(ctx, transport, options)
	if err != nil {
		return err
	}
	p.client = connected
	result := connected.InitializeResult()
	p.tell("connect", map[string]any{"capabilities": result.Capabilities, "instructions": result.Instructions})
	return nil
}

func (p *player) limit() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), time.Duration(p.told.LimitMS)*time.Millisecond)
}

func (p *player) tell(name string, gave any) { p.steps = append(p.steps, [2]any{name, gave}) }

// step does one thing of the session and tells what it gave, or what was said instead.
func step[P, R any](p *player, name string, work func(context.Context, P) (R, error), params P) (gave R) {
	ctx, cancel := p.limit()
	defer cancel()
	gave, err := work(ctx, params)
	var wire *jsonrpc.Error
	switch {
	case errors.As(err, &wire):
		p.tell(name, map[string]any{"error": map[string]any{"code": wire.Code, "message": wire.Message}})
	case err != nil:
		p.tell(name, map[string]any{"error": map[string]any{"message": err.Error()}})
	default:
		p.tell(name, gave)
	}
	return gave
}

func (p *player) lists() []*mcp.Resource {
	can := p.client.InitializeResult().Capabilities
	step(p, "list tools", p.client.ListTools, &mcp.ListToolsParams{})
	if can.Prompts != nil {
		step(p, "list prompts", p.client.ListPrompts, &mcp.ListPromptsParams{})
	}
	if can.Resources == nil {
		return nil
	}
	step(p, "list templates", p.client.ListResourceTemplates, &mcp.ListResourceTemplatesParams{})
	listed := step(p, "list resources", p.client.ListResources, &mcp.ListResourcesParams{})
	if listed == nil {
		return nil
	}
	return listed.Resources
}

func (p *player) calls() {
	for i, call := range p.told.Script.Calls {
		name := word(call[0])
		token := fmt.Sprintf("%d %s", i, name)
		params := &mcp.CallToolParams{Name: name, Arguments: call[1]}
		params.SetProgressToken(token)
		told := &[]float64{}
		p.mu.Lock()
		p.progress[token] = told
		p.mu.Unlock()
		step(p, "call "+name, p.client.CallTool, params)
		p.tell("progress of "+name, told)
	}
}

func (p *player) asks() {
	for _, ask := range p.told.Script.Asks {
		name := word(ask[0])
		p.fills, p.asked = nil, []any{}
		_ = json.Unmarshal(ask[2], &p.fills)
		step(p, "call "+name, p.client.CallTool, &mcp.CallToolParams{Name: name, Arguments: ask[1]})
		p.tell("asked by "+name, p.asked)
	}
}

func (p *player) prompts() {
	for _, prompt := range p.told.Script.Prompts {
		params := &mcp.GetPromptParams{Name: word(prompt[0])}
		_ = json.Unmarshal(prompt[1], &params.Arguments)
		step(p, "prompt "+params.Name, p.client.GetPrompt, params)
	}
	for _, complete := range p.told.Script.Completes {
		params := &mcp.CompleteParams{
			Ref:      &mcp.CompleteReference{Type: "ref/prompt", Name: complete[0]},
			Argument: mcp.CompleteParamsArgument{Name: complete[1], Value: complete[2]},
		}
		step(p, "complete "+complete[0], p.client.Complete, params)
	}
}

func word(raw json.RawMessage) (text string) {
	_ = json.Unmarshal(raw, &text)
	return text
}
