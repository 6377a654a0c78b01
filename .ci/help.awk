# The targets with a description, by group: awk -v start=" a b " -v daily=" c " -f help.awk Makefile pipeline.mk
/^[a-z-]+:.*## / {
  name = $1; sub(/:.*/, "", name)
  description = $0; sub(/.*## /, "", description)
  group = index(start, " " name " ") ? "Start" : index(daily, " " name " ") ? "Every day" \
    : FILENAME ~ /pipeline/ ? "Pipeline" : "Maintain this project"
  lines[group] = lines[group] sprintf("  %-19s%s\n", name, description)
}
END {
  count = split("Start,Every day,Pipeline,Maintain this project", groups, ",")
  for (n = 1; n <= count; n++) printf("%s%s\n%s", (n > 1 ? "\n" : ""), groups[n], lines[groups[n]])
}
