; The same through Script-Fu: arguments by name.
(let* ((image (car (gimp-file-load RUN-NONINTERACTIVE "/w/in.png")))
       (drawables (car (gimp-image-get-layers image))))
  (gimp-image-select-ellipse image CHANNEL-OP-REPLACE 58 43 44 34)
  (plug-in-inpaint-fill-selection #:run-mode RUN-NONINTERACTIVE #:image image #:drawables drawables
                                  #:output "this-layer" #:model-file "/opt/models/quick.onnx")
  (gimp-file-save RUN-NONINTERACTIVE image "/w/out-scheme.png" -1)
  (gimp-image-delete image))
