# What the package's /etc/canting/kiosk.yaml has otherwise than configs/kiosk.yaml.
s|configs/kiosk\.yaml|/etc/canting/kiosk.yaml|
/^models:/,/^[a-z]*:/ s|^  store: .*|  store: /var/lib/canting/models|
s|^motifs: ""|motifs: motifs.yaml|
