package main

import "github.com/golang/protobuf/proto"

// The messages of the service, written by hand. The protobuf library reads the description of
// each field from its tag, so no protoc has to be installed and no generated code is kept. The
// fields have the same numbers as in the messages of tonic's peer.

type pair struct {
	A int64 `protobuf:"varint,1,opt,name=a,proto3"`
	B int64 `protobuf:"varint,2,opt,name=b,proto3"`
}

func (m *pair) Reset()         { *m = pair{} }
func (m *pair) String() string { return proto.CompactTextString(m) }
func (*pair) ProtoMessage()    {}

type sum struct {
	Value int64 `protobuf:"varint,1,opt,name=value,proto3"`
}

func (m *sum) Reset()         { *m = sum{} }
func (m *sum) String() string { return proto.CompactTextString(m) }
func (*sum) ProtoMessage()    {}

type number struct {
	Value uint64 `protobuf:"varint,1,opt,name=value,proto3"`
}

func (m *number) Reset()         { *m = number{} }
func (m *number) String() string { return proto.CompactTextString(m) }
func (*number) ProtoMessage()    {}

type blob struct {
	Bytes []byte `protobuf:"bytes,1,opt,name=bytes,proto3"`
}

func (m *blob) Reset()         { *m = blob{} }
func (m *blob) String() string { return proto.CompactTextString(m) }
func (*blob) ProtoMessage()    {}

type calls struct {
	Count uint64 `protobuf:"varint,1,opt,name=count,proto3"`
}

func (m *calls) Reset()         { *m = calls{} }
func (m *calls) String() string { return proto.CompactTextString(m) }
func (*calls) ProtoMessage()    {}

type nothing struct{}

func (m *nothing) Reset()       { *m = nothing{} }
func (*nothing) String() string { return "" }
func (*nothing) ProtoMessage()  {}
