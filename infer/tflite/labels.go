package tflite

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
)

// labelsName is the associated file that Encode writes. Associated files form a
// zip archive behind the FlatBuffer.
const labelsName = "labels.txt"

const (
	maxLabelsText = 256 << 10
	// A zip reader keeps some 300 bytes for every entry of 46 bytes or more, so
	// the directory is bounded before it is read.
	maxZipDirectory = 16 << 10
	maxZipComment   = 1 << 10
)

// associatedFile reads one file of the zip archive at the end of the file.
func (p *parser) associatedFile(name string) ([]byte, error) {
	archive, err := zipAtEnd(p.b)
	if err != nil {
		return nil, err
	}
	z, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		return nil, err
	}
	for _, f := range z.File {
		if f.Name == name {
			return p.unzip(f)
		}
	}
	return nil, errors.New("it is not in the archive at the file's end")
}

func (p *parser) unzip(f *zip.File) ([]byte, error) {
	if f.UncompressedSize64 > maxLabelsText {
		return nil, fmt.Errorf("it has %d bytes, more than %d", f.UncompressedSize64, maxLabelsText)
	}
	if !p.charge(int(f.UncompressedSize64), 1) {
		return nil, p.err
	}
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	text := make([]byte, f.UncompressedSize64)
	if _, err := io.ReadFull(r, text); err != nil {
		return nil, err
	}
	// The checksum is compared when the end is reached.
	if _, err := r.Read(make([]byte, 1)); err != io.EOF {
		return nil, fmt.Errorf("it does not end after its %d bytes (%v)", len(text), err)
	}
	return text, nil
}

// zipAtEnd finds the archive by its end-of-central-directory record (PKWARE
// APPNOTE 4.3.16) and returns the file from where the archive's offsets count.
func zipAtEnd(file []byte) ([]byte, error) {
	const record = 22
	tail := file[max(0, len(file)-record-maxZipComment):]
	i := bytes.LastIndex(tail, []byte("PK\x05\x06"))
	if i < 0 || len(tail)-i < record {
		return nil, errors.New("the file does not end with a zip archive")
	}
	size := int64(binary.LittleEndian.Uint32(tail[i+12:]))
	offset := int64(binary.LittleEndian.Uint32(tail[i+16:]))
	end := int64(len(file) - len(tail) + i)
	if size > maxZipDirectory {
		return nil, fmt.Errorf("the zip directory has %d bytes, more than %d", size, maxZipDirectory)
	}
	base := end - size - offset
	if base < 0 {
		return nil, errors.New("the zip directory lies outside the file")
	}
	return file[base:], nil
}

func (p *parser) splitLabels(text []byte) ([]string, error) {
	s := strings.TrimSuffix(string(text), "\n")
	if s == "" {
		return nil, nil
	}
	if !p.charge(len(text), 1) || !p.charge(strings.Count(s, "\n")+1, 16) {
		return nil, p.err
	}
	labels := strings.Split(s, "\n")
	for i, l := range labels {
		labels[i] = strings.TrimSuffix(l, "\r")
	}
	return labels, nil
}

// zipLabels returns the archive that follows a FlatBuffer of the given length.
func zipLabels(labels []string, offset int) ([]byte, error) {
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	z.SetOffset(int64(offset))
	// Stored and without a time, so that the same model gives the same bytes.
	w, err := z.CreateHeader(&zip.FileHeader{Name: labelsName, Method: zip.Store})
	if err != nil {
		return nil, err
	}
	if _, err := io.WriteString(w, strings.Join(labels, "\n")+"\n"); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
