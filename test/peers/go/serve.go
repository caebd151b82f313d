package main

import (
	"context"
	"fmt"
	"net/http"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

type city struct {
	City string `json:"city" jsonschema:"whose weather is asked for"`
}

type weather struct {
	City    string  `json:"city"`
	Degrees float64 `json:"degrees"`
}

func serve(address string) error {
	server := mcp.NewServer(&mcp.Implementation{Name: "a server of the Go SDK"}, &mcp.ServerOptions{
		Instructions: "Ask for the weather.",
	})
	mcp.AddTool(server, &mcp.Tool{Name: "weather", Description: "The weather of a city."},
		func(_ context.Context, _ *mcp.CallToolRequest, in city) (*mcp.CallToolResult, weather, error) {
			return nil, weather{City: in.City, Degrees: 21.5}, nil
		})
	mcp.AddTool(server, &mcp.Tool{Name: "fails", Description: "Fails, as tools do."},
		func(_ context.Context, _ *mcp.CallToolRequest, in city) (*mcp.CallToolResult, any, error) {
			return nil, nil, fmt.Errorf("nobody knows %s", in.City)
		})
	server.AddResource(&mcp.Resource{Name: "cities", URI: "cities://all", MIMEType: "text/plain"},
		func(_ context.Context, request *mcp.ReadResourceRequest) (*mcp.ReadResourceResult, error) {
			contents := &mcp.ResourceContents{URI: request.Params.URI, MIMEType: "text/plain", Text: "Zürich\nParis\n"}
			return &mcp.ReadResourceResult{Contents: []*mcp.ResourceContents{contents}}, nil
		})
	server.AddPrompt(&mcp.Prompt{Name: "greet", Arguments: []*mcp.PromptArgument{{Name: "name"}}},
		func(_ context.Context, request *mcp.GetPromptRequest) (*mcp.GetPromptResult, error) {
			content := &mcp.TextContent{Text: "Say hello to " + request.Params.Arguments["name"]}
			return &mcp.GetPromptResult{Messages: []*mcp.PromptMessage{{Role: "user", Content: content}}}, nil
		})
	handler := mcp.NewStreamableHTTPHandler(func(*http.Request) *mcp.Server { return server },
		&mcp.StreamableHTTPOptions{Stateless: true, JSONResponse: true})
	return http.ListenAndServe(address, handler)
}
