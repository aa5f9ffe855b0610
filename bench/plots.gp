# SPDX-License-Identifier: GPL-2.0-only
#
# Run `gnuplot bench/plots.gp` in the folder with the data from `bench/tables plots`.

set terminal svg size 720,400 font "sans-serif,13" noenhanced background "white"
set datafile separator "\t"
set key autotitle columnhead outside right
set grid lc "#dddddd"
set style data linespoints

set output "cost.svg"
set title "Mean instructions of a free and an allocation (mixed, Linux 6.1)"
set logscale xy
set xlabel "live blocks"
set ylabel "instructions"
plot for [i=2:7] "cost.dat" using 1:i lw 2 pt 7 ps 0.6

set output "distribution.svg"
set title "Instructions of an allocation, sorted (mixed, Linux 6.1)"
unset logscale x
set xlabel "percentile: the share of the allocations that take at most this"
set xrange [0:5]
set xtics ("0" 0, "50" 0.301, "90" 1, "99" 2, "99.9" 3, "99.99" 4, "max" 5)
plot for [i=2:7] "distribution.dat" using 1:i lw 2 pt 7 ps 0.6

set output "footprint.svg"
set title "Fragmentation: peak footprint beyond peak live bytes"
unset logscale y
unset xlabel
set xtics autofreq
set ylabel "per cent"
set xrange [*:*]
set yrange [0:*]
set style data histogram
set style fill solid 0.8 border -1
plot for [i=2:4] "footprint.dat" using ((column(i) - 1) * 100):xtic(1)
