// Package configs loads Canting's YAML files: typed, with defaults, validated,
// and with every mistake named by its key and line.
package configs

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/go-viper/mapstructure/v2"
	"github.com/spf13/viper"
	"go.yaml.in/yaml/v3"
)

// maxFile bounds a configuration file, in bytes; the longest here has 12 KiB.
const maxFile = 1 << 20

// Problem is one mistake in a configuration.
type Problem struct {
	File string // as it was given; empty when the value came from no file
	Line int    // from 1; 0 when the key is not written in the file
	Key  string // dotted, lower-case: camera.width
	What string
}

func (p Problem) Error() string {
	var where strings.Builder
	if p.File != "" {
		where.WriteString(p.File + ":")
		if p.Line > 0 {
			where.WriteString(strconv.Itoa(p.Line) + ":")
		}
		where.WriteByte(' ')
	}
	if p.Key != "" {
		where.WriteString(p.Key + " ")
	}
	return where.String() + p.What
}

// problems collects the mistakes that a Validate finds.
type problems []error

func (p *problems) add(key, format string, args ...any) {
	*p = append(*p, Problem{Key: key, What: fmt.Sprintf(format, args...)})
}

func (p problems) err() error { return errors.Join(p...) }

// validator is a configuration that can tell impossible values; it reports
// them as Problems with a Key.
type validator interface{ Validate() error }

// loadFile reads the YAML file at path over the defaults already in into.
func loadFile(path string, into validator) error {
	text, err := readFile(path)
	if err != nil {
		return err
	}
	return load(path, text, into)
}

// readFile reads a configuration file of a sensible size.
func readFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("read the configuration: %w", err)
	}
	if info.Size() > maxFile {
		return nil, fmt.Errorf("the configuration %s has %d bytes, more than the %d allowed", path, info.Size(), maxFile)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the configuration: %w", err)
	}
	return text, nil
}

// load decodes text over the defaults already in into and validates the
// result. Every mistake found is in the error, with its line in file.
//
// viper is made afresh each time: a live one lower-cases, converts and, when
// its file is broken, forgets (spf13/viper#174, #378). Its weak conversions
// ("abc" to 0, 5 to 5 ns) are refused by strict.
func load(file string, text []byte, into validator) error {
	lines, err := keyLines(file, text)
	if err != nil {
		return err
	}
	// No key contains the delimiter, so a dotted key is an unknown key rather
	// than another way to write a nested one.
	v := viper.NewWithOptions(viper.KeyDelimiter("\x00"))
	v.SetConfigType("yaml")
	if err := v.ReadConfig(bytes.NewReader(text)); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	var found mapstructure.Metadata
	// Unmarshal with Metadata finds the unknown keys that UnmarshalExact
	// would refuse, and unlike it names each by its full path.
	err = v.Unmarshal(into, func(c *mapstructure.DecoderConfig) {
		c.WeaklyTypedInput = false
		c.Metadata = &found
		c.DecodeHook = strict
	})
	if err != nil {
		return located(file, lines, err)
	}
	var unknown problems
	for _, key := range found.Unused {
		unknown.add(strings.ToLower(key), "is not a setting: check its spelling and its place")
	}
	if err := unknown.err(); err != nil {
		return located(file, lines, err)
	}
	return located(file, lines, into.Validate())
}

// keyLines maps every dotted, lower-case key of a YAML text to its line.
func keyLines(file string, text []byte) (map[string]int, error) {
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if len(document.Content) == 0 {
		return nil, Problem{File: file, What: "holds no settings: write some, or start without a configuration"}
	}
	lines := map[string]int{}
	root := document.Content[0]
	if root.Kind != yaml.MappingNode {
		return nil, Problem{File: file, Line: root.Line, What: "must hold keys and values, such as \"listen: 127.0.0.1:8080\""}
	}
	return lines, walk(file, "", root, lines)
}

func walk(file, prefix string, node *yaml.Node, lines map[string]int) error {
	switch node.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(node.Content); i += 2 {
			key, value := node.Content[i], node.Content[i+1]
			path := strings.TrimPrefix(prefix+"."+strings.ToLower(key.Value), ".")
			if first, twice := lines[path]; twice {
				return Problem{File: file, Line: key.Line, Key: path, What: fmt.Sprintf("is already set in line %d", first)}
			}
			if value.Tag == "!!null" {
				return Problem{File: file, Line: key.Line, Key: path, What: "has no value: give it one or remove the line"}
			}
			lines[path] = key.Line
			if err := walk(file, path, value, lines); err != nil {
				return err
			}
		}
	case yaml.SequenceNode:
		for i, item := range node.Content {
			path := fmt.Sprintf("%s[%d]", prefix, i)
			lines[path] = item.Line
			if err := walk(file, path, item, lines); err != nil {
				return err
			}
		}
	}
	return nil
}

// located gives every problem in err its file and line.
func located(file string, lines map[string]int, err error) error {
	switch e := err.(type) {
	case nil:
		return nil
	case interface{ Unwrap() []error }:
		var all problems
		for _, one := range e.Unwrap() {
			all = append(all, located(file, lines, one))
		}
		return all.err()
	case *mapstructure.DecodeError:
		return located(file, lines, Problem{Key: strings.ToLower(e.Name()), What: e.Unwrap().Error()})
	case Problem:
		e.File, e.Line = file, lineOf(lines, e.Key)
		return e
	case interface{ Unwrap() error }: // the decoder's heading over its list
		return located(file, lines, e.Unwrap())
	}
	return fmt.Errorf("%s: %w", file, err)
}

// lineOf is the line of a key or, for a key that is not written, of the
// nearest key around it.
func lineOf(lines map[string]int, key string) int {
	for key != "" {
		if line, ok := lines[key]; ok {
			return line
		}
		cut := max(strings.LastIndexByte(key, '.'), strings.LastIndexByte(key, '['), 0)
		key = key[:cut]
	}
	return 0
}

// strict lets a value through only as the type it is asked for. A duration
// is a text with its unit.
func strict(from, to reflect.Value) (any, error) {
	value := from.Interface()
	if to.Type() == reflect.TypeFor[time.Duration]() {
		text, ok := value.(string)
		d, err := time.ParseDuration(text)
		if !ok || err != nil {
			return nil, fmt.Errorf("is %v, it must be a time with its unit, such as 500ms or 12s", value)
		}
		return d, nil
	}
	fits := from.Kind() == to.Kind()
	var want string
	switch to.Kind() {
	case reflect.Int, reflect.Int64:
		want = "a whole number"
		fits = from.Kind() == reflect.Int || from.Kind() == reflect.Int64
	case reflect.Float64:
		want = "a number"
		fits = fits || from.Kind() == reflect.Int
	case reflect.String:
		want = "a text (put it in quotes)"
	case reflect.Bool:
		want = "true or false"
	case reflect.Slice, reflect.Array:
		want = "a list"
		fits = from.Kind() == reflect.Slice
	case reflect.Struct:
		want = "a group of settings, indented below it"
		fits = from.Kind() == reflect.Map
	default:
		return value, nil
	}
	if !fits {
		return nil, fmt.Errorf("is %v, it must be %s", value, want)
	}
	return value, nil
}
