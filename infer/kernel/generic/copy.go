package generic

// Broadcast repeats a picture along every dimension in which it has one
// element, up to the shape of the output.
type Broadcast struct{ In, Out Shape }

type broadcast struct{ Broadcast }

// Broadcast prepares the repetition of an operand.
func (Kernels) Broadcast(b Broadcast) Operator { return &broadcast{b} }

func (k *broadcast) Rows() int    { return k.Out.H }
func (k *broadcast) Scratch() int { return 0 }

func (k *broadcast) Run(out, in, _, _ []int8, from, to int) {
	row := k.Out.W * k.Out.C
	for y := from; y < to; y++ {
		dst := out[y*row : (y+1)*row]
		src := in[min(y, k.In.H-1)*k.In.W*k.In.C:][:k.In.W*k.In.C]
		for x := range k.Out.W {
			pixel := dst[x*k.Out.C : (x+1)*k.Out.C]
			from := src[min(x, k.In.W-1)*k.In.C:][:k.In.C]
			if k.In.C == k.Out.C {
				copy(pixel, from)
			} else {
				fill(pixel, from[0])
			}
		}
	}
}

// Insert writes a tensor of Rows rows of In elements into the rows of Out
// elements of another, from Offset on: one operand of CONCATENATION.
type Insert struct{ Rows, In, Out, Offset int }

type insert struct{ Insert }

// Insert prepares the copy of an operand to its place.
func (Kernels) Insert(i Insert) Operator { return &insert{i} }

func (k *insert) Rows() int    { return k.Insert.Rows }
func (k *insert) Scratch() int { return 0 }

func (k *insert) Run(out, in, _, _ []int8, from, to int) {
	for y := from; y < to; y++ {
		copy(out[y*k.Out+k.Offset:][:k.In], in[y*k.In:])
	}
}
