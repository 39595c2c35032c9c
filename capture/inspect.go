package capture

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"image/png"

	"golang.org/x/image/webp"
)

// inspect reads the width and height that an encoded picture promises, and
// makes sure that it is whole. OpenCV is no help there: of a cut JPEG it fills
// the rest with grey, and since 4.10 it does the like with the other formats.
func inspect(b []byte) (image.Point, error) {
	switch {
	case len(b) == 0:
		return image.Point{}, errors.New("the picture is empty (0 bytes)")
	case bytes.HasPrefix(b, []byte{0xFF, markerSOI}):
		return scanJPEG(b)
	case bytes.HasPrefix(b, []byte(pngSignature)):
		return inspectPNG(b)
	case len(b) >= 12 && string(b[:4]) == "RIFF" && string(b[8:12]) == "WEBP":
		return inspectWebP(b)
	case len(b) >= 26 && string(b[:2]) == "BM":
		return inspectBMP(b)
	default:
		return image.Point{}, errors.New("this is not a JPEG, PNG, WebP or BMP picture")
	}
}

func errCut(format string) error {
	return fmt.Errorf("the %s is cut short", format)
}

const pngSignature = "\x89PNG\r\n\x1a\n"

// inspectPNG walks the chunks (length, type, data, checksum) to the last one. A
// bit flipped in a chunk that matters, whose type begins with a capital, is
// found by the checksum.
func inspectPNG(b []byte) (image.Point, error) {
	for rest := b[len(pngSignature):]; ; {
		if len(rest) < 12 || uint64(binary.BigEndian.Uint32(rest)) > uint64(len(rest)-12) {
			return image.Point{}, errCut("PNG")
		}
		end := 8 + int(binary.BigEndian.Uint32(rest))
		kind := string(rest[4:8])
		matters := kind[0] >= 'A' && kind[0] <= 'Z'
		if matters && crc32.ChecksumIEEE(rest[4:end]) != binary.BigEndian.Uint32(rest[end:]) {
			return image.Point{}, fmt.Errorf("the PNG is damaged in its chunk %q", kind)
		}
		if kind == "IEND" {
			break
		}
		rest = rest[end+4:]
	}
	config, err := png.DecodeConfig(bytes.NewReader(b))
	if err != nil {
		return image.Point{}, fmt.Errorf("the PNG cannot be read: %w", err)
	}
	return image.Pt(config.Width, config.Height), nil
}

func inspectWebP(b []byte) (image.Point, error) {
	if uint64(binary.LittleEndian.Uint32(b[4:]))+8 > uint64(len(b)) {
		return image.Point{}, errCut("WebP")
	}
	config, err := webp.DecodeConfig(bytes.NewReader(b))
	if err != nil {
		return image.Point{}, fmt.Errorf("the WebP cannot be read: %w", err)
	}
	return image.Pt(config.Width, config.Height), nil
}

// inspectBMP reads the header itself: golang.org/x/image/bmp refuses compressed
// files, which OpenCV reads. A negative height means rows from the top; OS/2's
// header, of 12 bytes, has 16-bit fields. Some writers leave the file's size 0.
func inspectBMP(b []byte) (image.Point, error) {
	if uint64(binary.LittleEndian.Uint32(b[2:])) > uint64(len(b)) {
		return image.Point{}, errCut("BMP")
	}
	if binary.LittleEndian.Uint32(b[14:]) == 12 {
		return image.Pt(int(binary.LittleEndian.Uint16(b[18:])), int(binary.LittleEndian.Uint16(b[20:]))), nil
	}
	width, height := int32(binary.LittleEndian.Uint32(b[18:])), int32(binary.LittleEndian.Uint32(b[22:]))
	return image.Pt(int(width), max(int(height), -int(height))), nil
}
