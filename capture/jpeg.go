package capture

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
)

// JPEG markers: the byte after 0xFF (ITU-T T.81, table B.1).
const (
	markerTEM  = 0x01
	markerSOF0 = 0xC0 // to 0xCF, but for DHT, JPG and DAC
	markerDHT  = 0xC4
	markerJPG  = 0xC8
	markerDAC  = 0xCC
	markerSOFF = 0xCF
	markerRST0 = 0xD0
	markerRST7 = 0xD7
	markerSOI  = 0xD8
	markerEOI  = 0xD9
	markerSOS  = 0xDA
)

// scanJPEG walks the markers of a JPEG from start to end of image and returns
// the size of its frame. libjpeg fills what is missing of a cut file with grey
// and only prints a warning, so the walk is how a cut is noticed; searching for
// the end marker alone would find that of an embedded thumbnail.
func scanJPEG(b []byte) (image.Point, error) {
	var size image.Point
	for b = b[2:]; ; {
		// Between segments, and in a scan's entropy-coded data, the next
		// 0xFF that is neither stuffed nor fill begins a marker.
		i := bytes.IndexByte(b, 0xFF)
		if i < 0 || i+1 >= len(b) {
			return size, errCut("JPEG")
		}
		marker := b[i+1]
		switch {
		case marker == 0xFF:
			b = b[i+1:]
			continue
		case marker == 0 || marker == markerTEM || marker >= markerRST0 && marker <= markerSOI:
			b = b[i+2:]
			continue
		case marker == markerEOI:
			if size == (image.Point{}) {
				return size, errors.New("the JPEG has no frame header")
			}
			return size, nil
		}
		b = b[i+2:]
		if len(b) < 2 {
			return size, errCut("JPEG")
		}
		length := int(binary.BigEndian.Uint16(b))
		if length < 2 {
			return size, fmt.Errorf("the JPEG is damaged: segment %#02x has length %d", marker, length)
		}
		if length > len(b) {
			return size, errCut("JPEG")
		}
		if isFrameHeader(marker) && length >= 8 {
			size = image.Pt(int(binary.BigEndian.Uint16(b[5:])), int(binary.BigEndian.Uint16(b[3:])))
		}
		b = b[length:]
	}
}

func isFrameHeader(marker byte) bool {
	return marker >= markerSOF0 && marker <= markerSOFF && marker != markerDHT && marker != markerJPG && marker != markerDAC
}
