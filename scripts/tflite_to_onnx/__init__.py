"""Convert the float convolutional networks of the MediaPipe wheel from TFLite to ONNX.

`reader` opens a TFLite file, `graph` walks its operators, `builder` collects ONNX nodes,
`catalogue` says what is converted, `check` compares the result with the original interpreter,
`card` writes what was found.
"""
