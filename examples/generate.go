//go:build ignore

// Command generate writes the example lists: go run examples/generate.go. It writes the same ones every time.
package main

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"log"
	"math/rand/v2"
	"os"

	"golang.org/x/text/encoding/simplifiedchinese"
)

var (
	cities = [][2]string{{"北京市", "北京"}, {"上海市", "上海"}, {"广东省", "广州"}, {"广东省", "深圳"}, {"浙江省", "杭州"},
		{"浙江省", "宁波"}, {"江苏省", "南京"}, {"江苏省", "苏州"}, {"四川省", "成都"}, {"湖北省", "武汉"}, {"陕西省", "西安"},
		{"重庆市", "重庆"}, {"天津市", "天津"}, {"山东省", "青岛"}, {"福建省", "厦门"}, {"湖南省", "长沙"}}
	places = []string{"人民路", "中山路", "解放路", "万达广场", "火车站", "大学城", "科技园", "步行街", "滨江", "国际机场"}
	states = []string{"营业中", "营业中", "营业中", "营业中", "装修中"}
)

func main() {
	r := rand.New(rand.NewPCG(2026, 11))
	ids := map[int]bool{}
	rows := [][]string{{"门店ID", "门店名称", "省份", "城市", "地址", "营业状态"}}
	for len(rows) <= 10_000 {
		id := 100_000_000 + r.IntN(900_000_000)
		if ids[id] {
			continue
		}
		ids[id] = true
		city, place := cities[r.IntN(len(cities))], places[r.IntN(len(places))]
		address := fmt.Sprintf("%s%s%d号", city[1], place, 1+r.IntN(999))
		if r.IntN(5) == 0 {
			address += fmt.Sprintf(", %d层", 1+r.IntN(6))
		}
		rows = append(rows, []string{fmt.Sprint(id), fmt.Sprintf("小象咖啡（%s%s店）", city[1], place), city[0], city[1], address,
			states[r.IntN(len(states))]})
	}
	write("examples/stores-10000.csv", table(rows))
	gb, err := simplifiedchinese.GB18030.NewEncoder().Bytes(table(rows[:101]))
	if err != nil {
		log.Fatal(err)
	}
	write("examples/stores-100-gb18030.csv", gb)
	bad := append([][]string{}, rows[:21]...)
	for at, id := range map[int]string{4: "1.00000001E+08", 9: "", 13: "１２３４５６７８９", 17: "10000 0001"} {
		bad[at] = append([]string{id}, bad[at][1:]...)
	}
	write("examples/stores-bad-rows.csv", table(bad))
}

func table(rows [][]string) []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	if err := w.WriteAll(rows); err != nil {
		log.Fatal(err)
	}
	return b.Bytes()
}

func write(name string, b []byte) {
	if err := os.WriteFile(name, b, 0o644); err != nil {
		log.Fatal(err)
	}
}
