package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"strings"
)

// function is what the source declares about one function.
type function struct {
	name      string
	arguments []string
	// comment is the block of comment lines directly above the declaration.
	comment []string
}

// maxArguments is how many registers the prologue fills, x0 to x15.
const maxArguments = 16

// parseSource finds the declared functions, in their order, and the comment
// block at the top.
func parseSource(source string) (top []string, functions []function, err error) {
	var comment []string
	atTop := true
	for n, line := range strings.Split(source, "\n") {
		if declaration, ok := strings.CutPrefix(line, "//func "); ok {
			f, err := parseDeclaration(declaration)
			if err != nil {
				return nil, nil, fmt.Errorf("line %d: %w", n+1, err)
			}
			f.comment = comment
			functions = append(functions, f)
		}
		if strings.HasPrefix(line, "//") {
			comment = append(comment, line)
			continue
		}
		if atTop {
			top, atTop = comment, false
		}
		comment = nil
	}
	return top, functions, nil
}

// parseDeclaration reads "name(a, b *int8, n int)".
func parseDeclaration(s string) (function, error) {
	file, err := parser.ParseFile(token.NewFileSet(), "", "package p\nfunc "+s, 0)
	if err != nil {
		return function{}, fmt.Errorf("the declaration %q: %w", s, err)
	}
	d, ok := file.Decls[0].(*ast.FuncDecl)
	if !ok || d.Type.Results != nil {
		return function{}, fmt.Errorf("the declaration %q is not that of a function without results", s)
	}
	f := function{name: d.Name.Name}
	for _, field := range d.Type.Params.List {
		if !isWord(field.Type) {
			return function{}, fmt.Errorf("the declaration %q has an argument that is neither a pointer nor an int, uint, uintptr, int64 or uint64", s)
		}
		for _, name := range field.Names {
			f.arguments = append(f.arguments, name.Name)
		}
	}
	if len(f.arguments) > maxArguments {
		return function{}, fmt.Errorf("%s has %d arguments, more than %d", f.name, len(f.arguments), maxArguments)
	}
	return f, nil
}

// isWord tells whether a type surely has 8 bytes.
func isWord(t ast.Expr) bool {
	switch t := t.(type) {
	case *ast.StarExpr:
		return true
	case *ast.SelectorExpr:
		return t.Sel.Name == "Pointer"
	case *ast.Ident:
		switch t.Name {
		case "int", "uint", "uintptr", "int64", "uint64":
			return true
		}
	}
	return false
}
