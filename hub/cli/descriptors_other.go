//go:build !unix

package cli

// systemDescriptors returns nil: Windows has no limit a hub would reach.
func systemDescriptors() (*descriptors, error) { return nil, nil }
