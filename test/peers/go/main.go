// The Go SDK on both sides: `peer session '{"url", "mode", "script"}'` plays a script and prints its steps as JSON;
// `peer serve ADDRESS` is a tool server without sessions that answers in JSON.
package main

import (
	"fmt"
	"os"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(words []string) error {
	if len(words) == 2 && words[0] == "session" {
		return session(words[1])
	}
	if len(words) == 2 && words[0] == "serve" {
		return serve(words[1])
	}
	return fmt.Errorf("usage: peer session JSON | peer serve ADDRESS")
}
